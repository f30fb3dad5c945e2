package dev.threadmill.db.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Compiles pgvector once into the cache, without special rights: apt downloads and verifies
 * Debian's signed source and the server's headers into a scratch folder, and gcc compiles them.
 */
final class PgvectorBuild {
  /** The Debian release that has the major version of the embedded PostgreSQL. */
  private static final String SUITE = "trixie";

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Pattern VERSION = Pattern.compile("default_version\\s*=\\s*'([^']+)'");

  private final Path cache;
  private final Platform platform;
  private final Consumer<String> progress;
  private final int attempts;
  private final long deadline = System.nanoTime() + LIMIT.toNanos();

  private PgvectorBuild(Path cache, Platform platform, int attempts, Consumer<String> progress) {
    this.cache = cache;
    this.platform = platform;
    this.progress = progress;
    this.attempts = attempts;
  }

  /** pgvector cannot be compiled here; the message gives the reason. */
  static final class BuildFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    BuildFailedException(String why) {
      super(why);
    }
  }

  /**
   * The files of pgvector, from one of the caches or compiled into the first. The caller holds the
   * lock of the first cache.
   *
   * @param caches the first is written to, the others are only read
   * @param attempts attempts of each download
   */
  static VectorExtension.Pgvector obtain(
      List<Path> caches, Platform platform, int attempts, Consumer<String> progress)
      throws BuildFailedException {
    var found = cached(caches, platform);
    if (found.isPresent()) {
      return found.get();
    }
    try {
      var installed = SystemPgvector.copied(Path.of("/"), caches.getFirst(), platform);
      if (installed.isPresent()) {
        return installed.get();
      }
      return new PgvectorBuild(caches.getFirst(), platform, attempts, progress).build();
    } catch (IOException e) {
      throw new BuildFailedException(PostgresLayout.reason(e));
    }
  }

  /** The files of pgvector if one of the caches has them. */
  static Optional<VectorExtension.Pgvector> cached(List<Path> caches, Platform platform) {
    return caches.stream().flatMap(cache -> cached(cache, platform).stream()).findFirst();
  }

  private static Optional<VectorExtension.Pgvector> cached(Path cache, Platform platform) {
    String end = "-pg" + PostgresInstallation.MAJOR + "-" + platform;
    try (var folders = Files.list(cache)) {
      return folders
          .filter(folder -> name(folder).startsWith("pgvector-") && name(folder).endsWith(end))
          .max(Comparator.comparing(PgvectorBuild::name))
          .map(
              folder ->
                  new VectorExtension.Pgvector(
                      folder,
                      name(folder)
                          .substring("pgvector-".length(), name(folder).length() - end.length())));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private VectorExtension.Pgvector build() throws IOException, BuildFailedException {
    if (!platform.system().equals("linux")) {
      throw new BuildFailedException("it can be compiled on Debian only");
    }
    for (String program : List.of("apt-get", "apt-config", "dpkg-deb", "gcc")) {
      if (Command.findExecutable(program).isEmpty()) {
        throw new BuildFailedException("there is no " + program);
      }
    }
    AptSource source =
        AptSource.ofThisMachine(Path.of("/etc"))
            .orElseThrow(() -> new BuildFailedException("apt has no entry for the Debian archive"));
    progress.accept("Compiling pgvector for the embedded PostgreSQL (once, about ten seconds)…");
    Path scratch = cache.resolve("pgvector.part");
    PostgresInstallation.delete(scratch);
    try {
      Files.createDirectories(scratch);
      fetch(source, scratch);
      return compile(scratch);
    } finally {
      PostgresInstallation.delete(scratch);
    }
  }

  private void fetch(AptSource source, Path scratch) throws IOException, BuildFailedException {
    for (String folder : List.of("lists/partial", "cache/archives/partial", "empty")) {
      Files.createDirectories(scratch.resolve(folder));
    }
    Files.writeString(
        scratch.resolve("sources.list"), source.line("deb", SUITE) + source.line("deb-src", SUITE));
    Files.createFile(scratch.resolve("status"));
    // The machine's settings for downloads (proxies, mirrors) apply; its hooks after an update must
    // not run.
    String fetching =
        Command.run(remaining(), List.of("apt-config", "dump"))
            .output()
            .lines()
            .filter(line -> line.startsWith("Acquire::"))
            .filter(
                line ->
                    !line.matches(
                        "Acquire::(IndexTargets|CompressionTypes|Languages|Retries|https?::Timeout).*"))
            .collect(Collectors.joining("\n"));
    Files.writeString(
        scratch.resolve("apt.conf"),
        """
        %s
        Acquire::Languages "none";
        Acquire::Retries "1";
        Acquire::http::Timeout "10";
        Acquire::https::Timeout "10";
        Dir::Etc::main "/dev/null";
        Dir::Etc::parts "%2$s/empty";
        Dir::Etc::preferences "/dev/null";
        Dir::Etc::preferencesparts "%2$s/empty";
        Dir::Etc::sourcelist "%2$s/sources.list";
        Dir::Etc::sourceparts "%2$s/empty";
        Dir::State "%2$s";
        Dir::State::lists "%2$s/lists";
        Dir::State::status "%2$s/status";
        Dir::Cache "%2$s/cache";
        Dir::Log "%2$s";
        APT::Sandbox::User "";
        APT::Update::Error-Mode "any";
        """
            .formatted(fetching, scratch));
    apt(scratch, "update");
    apt(scratch, "download", "postgresql-server-dev-" + PostgresInstallation.MAJOR);
    apt(scratch, "source", "--download-only", "pgvector");
  }

  private void apt(Path scratch, String... words) throws BuildFailedException {
    List<String> command = new ArrayList<>(List.of("apt-get", "-q", "-y"));
    command.addAll(List.of(words));
    var env = Map.of("APT_CONFIG", scratch.resolve("apt.conf").toString());
    Command.Result result = null;
    for (int attempt = 1; attempt <= attempts && remaining().toMillis() > 1; attempt++) {
      result = Command.run(remaining(), scratch, env, command);
      if (result.ok()) {
        return;
      }
    }
    String why =
        result == null
            ? "out of time"
            : result
                .output()
                .lines()
                .filter(line -> line.startsWith("E:"))
                .findFirst()
                .orElse(result.lastLine());
    throw new BuildFailedException("apt-get " + words[0] + ": " + why);
  }

  private VectorExtension.Pgvector compile(Path scratch) throws IOException, BuildFailedException {
    Path headers = scratch.resolve("headers");
    must(scratch, List.of("dpkg-deb", "-x", only(scratch, "*.deb").toString(), headers.toString()));
    Path unpacked = scratch.resolve("source");
    try (var tar =
        new TarArchiveInputStream(
            new GzipCompressorInputStream(
                new BufferedInputStream(Files.newInputStream(only(scratch, "*.orig.tar.gz")))))) {
      PostgresInstallation.unpack(tar, unpacked);
    }
    Path source = only(unpacked, "pgvector-*");
    String control = Files.readString(source.resolve("vector.control"));
    Matcher version = VERSION.matcher(control);
    if (!version.find()) {
      throw new BuildFailedException("its control file names no version");
    }
    Path made = Files.createDirectories(scratch.resolve("made"));
    // The flags of pgvector's Makefile without -march=native: a cache may be moved to another
    // machine, and pgvector selects code for the processor at run time.
    List<String> gcc =
        new ArrayList<>(
            List.of("gcc", "-O2", "-fPIC", "-shared", "-w", "-fno-strict-aliasing", "-fwrapv"));
    gcc.addAll(
        List.of(
            "-ftree-vectorize", "-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math"));
    gcc.add(
        "-I" + headers.resolve("usr/include/postgresql/" + PostgresInstallation.MAJOR + "/server"));
    gcc.addAll(List.of("-o", made.resolve("vector" + platform.librarySuffix()).toString()));
    try (var files = Files.newDirectoryStream(source.resolve("src"), "*.c")) {
      files.forEach(file -> gcc.add(file.toString()));
    }
    gcc.add("-lm");
    must(scratch, gcc);
    Files.writeString(made.resolve("vector.control"), trusted(control));
    try (var files = Files.newDirectoryStream(source.resolve("sql"), "vector--*.sql")) {
      for (Path file : files) {
        Files.copy(file, made.resolve(file.getFileName()));
      }
    }
    Files.copy(
        source.resolve("sql/vector.sql"), made.resolve("vector--" + version.group(1) + ".sql"));
    Command.run(remaining(), List.of("sync", "-f", made.toString()));
    Path done = folder(cache, version.group(1), platform);
    Files.move(made, done, StandardCopyOption.ATOMIC_MOVE);
    return new VectorExtension.Pgvector(done, version.group(1));
  }

  /** Marks the extension as trusted, so that the owner of a database may create it. */
  static String trusted(String control) {
    return control.contains("trusted") ? control : control.stripTrailing() + "\ntrusted = true\n";
  }

  /** The folder of a version for this platform. */
  static Path folder(Path cache, String version, Platform platform) {
    return cache.resolve(
        "pgvector-" + version + "-pg" + PostgresInstallation.MAJOR + "-" + platform);
  }

  private void must(Path folder, List<String> command) throws BuildFailedException {
    var result = Command.run(remaining(), folder, Map.of(), command);
    if (!result.ok()) {
      String why =
          result
              .output()
              .lines()
              .filter(line -> line.contains("error:"))
              .findFirst()
              .orElse(result.lastLine());
      throw new BuildFailedException(command.getFirst() + ": " + why);
    }
  }

  private Duration remaining() {
    return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
  }

  private static Path only(Path folder, String glob) throws IOException, BuildFailedException {
    try (var found = Files.newDirectoryStream(folder, glob)) {
      for (Path each : found) {
        return each;
      }
    }
    throw new BuildFailedException("the download lacks " + glob);
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }
}
