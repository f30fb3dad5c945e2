package dev.threadmill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/**
 * The server as it is shipped, built from the classes under test when they have changed since. The
 * first test that needs it waits some twenty seconds; later ones, in this run and in further ones,
 * find it built.
 */
final class PackagedServer {
  private static final Path CLASSES = Path.of("target/classes").toAbsolutePath();
  private static final Path BUILDS = Path.of("target/under-test").toAbsolutePath();
  private static final int KEPT = 2;

  private static Path jar;

  private PackagedServer() {}

  /** What {@code java -jar} is to start. */
  static synchronized Path jar() {
    if (jar == null) {
      try {
        jar = build();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return jar;
  }

  private static Path build() throws IOException, InterruptedException {
    Files.createDirectories(BUILDS);
    Path folder = BUILDS.resolve(fingerprint());
    Path built = folder.resolve("quarkus-run.jar");
    try (var channel =
            FileChannel.open(
                BUILDS.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      if (!Files.exists(folder.resolve("done"))) {
        dropOld();
        if (maven(folder, "-o") != 0 && maven(folder) != 0) {
          throw new IOException("mvn quarkus:build failed, see " + BUILDS.resolve("build.log"));
        }
        Files.createFile(folder.resolve("done"));
      }
      lock.release();
    }
    return built;
  }

  /** Another test run may still use the latest builds. */
  private static void dropOld() throws IOException {
    List<Path> builds;
    try (var all = Files.list(BUILDS)) {
      builds = all.filter(Files::isDirectory).sorted(Comparator.comparing(Path::toFile)).toList();
    }
    builds.stream()
        .sorted(Comparator.comparingLong((Path build) -> build.toFile().lastModified()).reversed())
        .skip(KEPT)
        .forEach(PostgresResource::delete);
  }

  private static int maven(Path folder, String... flags) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("mvn", "-q", "-B", "-ntp", "quarkus:build"));
    command.add("-Dquarkus.package.output-directory=" + BUILDS.getParent().relativize(folder));
    command.addAll(List.of(flags));
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(BUILDS.resolve("build.log").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    var process = builder.start();
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException("mvn quarkus:build takes more than ten minutes");
    }
    return process.exitValue();
  }

  private static String fingerprint() throws IOException {
    var sum = new CRC32();
    try (var files = Files.walk(CLASSES)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
        sum.update(file.toString().getBytes());
        sum.update(Files.readAllBytes(file));
      }
    }
    sum.update(Files.readAllBytes(Path.of("pom.xml")));
    return Optional.of(sum.getValue()).map(Long::toHexString).orElseThrow();
  }
}
