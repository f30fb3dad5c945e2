package dev.threadmill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/**
 * The packaged server, built from the classes under test when they have changed, with the JVM's
 * ahead-of-time cache, so that tests that start it often wait one second instead of four. The first
 * test that needs it waits half a minute; later ones, also in further runs, find it built.
 */
final class PackagedServer {
  private static final Path CLASSES = Path.of("target/classes").toAbsolutePath();
  private static final Path BUILDS = Path.of("target/under-test").toAbsolutePath();
  private static final int KEPT = 2;

  private static Path jar;

  private PackagedServer() {}

  /** The command that starts the server: options of the JVM, and the jar. */
  static synchronized List<String> command() {
    var cache = jar().resolveSibling("server.aot");
    return Files.exists(cache)
        ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-jar", jar.toString())
        : List.of("-jar", jar.toString());
  }

  /** The jar for {@code java -jar}. */
  static synchronized Path jar() {
    if (jar == null) {
      try {
        build();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return jar;
  }

  private static void build() throws IOException, InterruptedException {
    Files.createDirectories(BUILDS);
    Path folder = BUILDS.resolve(fingerprint());
    try (var channel =
            FileChannel.open(
                BUILDS.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      if (!Files.exists(folder.resolve("done"))) {
        dropOld();
        if (maven(folder, "-o") != 0 && maven(folder) != 0) {
          throw new IOException("mvn quarkus:build failed, see " + BUILDS.resolve("build.log"));
        }
        train(folder);
        Files.createFile(folder.resolve("done"));
      }
      lock.release();
    }
    jar = folder.resolve("quarkus-run.jar");
  }

  /**
   * Runs the server once to create the cache. Without the cache the tests are slower and otherwise
   * the same.
   */
  private static void train(Path folder) {
    jar = folder.resolve("quarkus-run.jar");
    var unfinished = folder.resolve("unfinished.aot");
    try (var cluster = Cluster.of(1)) {
      var node = cluster.node(0).withJvmOption("-XX:AOTCacheOutput=" + unfinished);
      cluster.start();
      var api = cluster.api(node);
      var assistant = api.post("/v1/assistants", "{\"model\": \"m\"}").id();
      api.post(
          "/v1/threads/runs",
          """
          {"assistant_id": "%s", "stream": true,
           "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
          """
              .formatted(assistant));
      node.stop();
      Files.move(unfinished, folder.resolve("server.aot"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException | AssertionError e) {
      System.err.println("no ahead-of-time cache for the server under test: " + e);
    } finally {
      jar = null;
    }
  }

  /** Keeps the latest builds, which another test run may use. */
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
