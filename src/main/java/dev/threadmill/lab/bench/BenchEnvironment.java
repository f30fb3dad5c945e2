package dev.threadmill.lab.bench;

import dev.threadmill.db.embedded.EmbeddedPostgres;
import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.lab.provider.MockProvider;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The processes that a benchmark needs: a PostgreSQL with {@code fsync} on in a temporary folder,
 * the mock provider, and servers. All of them are stopped and deleted at the end, also when the
 * benchmark is interrupted.
 */
final class BenchEnvironment implements AutoCloseable {
  private static final int LAST_LINES = 40;

  private final Path launcher;
  private final Path scratch;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Thread hook = new Thread(this::clear, "clear-environment");
  private final EmbeddedPostgres postgres;
  private final URI provider;
  private final String key = "bench-" + random();
  private boolean cleared;

  BenchEnvironment(Path launcher) throws IOException {
    this.launcher = launcher;
    this.scratch = Files.createTempDirectory("threadmill-bench-");
    Runtime.getRuntime().addShutdownHook(hook);
    this.postgres = opened(EmbeddedPostgres.start(Options.at(scratch).withCache(cache())));
    this.provider = startProvider();
  }

  /** The server's own cache: PostgreSQL binaries and the compiled pgvector. */
  private static Path cache() {
    return Optional.ofNullable(System.getenv("THREADMILL_CACHE"))
        .map(Path::of)
        .orElse(Path.of(System.getProperty("user.home"), ".threadmill", "cache"));
  }

  private URI startProvider() throws IOException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var process =
        new ProcessBuilder(
                java,
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                MockProvider.class.getName())
            .redirectError(new File(scratch.toFile(), "provider.log"))
            .start();
    opened(() -> process.destroyForcibly().waitFor());
    BufferedReader output = process.inputReader();
    return URI.create(output.readLine());
  }

  /** Starts a server with these environment variables in addition to those that it needs. */
  ServerProcess startServer(Map<String, String> settings) throws IOException, InterruptedException {
    return opened(ServerProcess.start(launcher, scratch, postgres, provider, key, settings));
  }

  /** The last lines of each log. */
  String lastLines() throws IOException {
    var text = new StringBuilder();
    try (var files = Files.list(scratch)) {
      for (Path log :
          (Iterable<Path>) files.filter(file -> file.toString().endsWith(".log"))::iterator) {
        var lines = Files.readAllLines(log);
        text.append(log.getFileName()).append(":\n");
        lines
            .subList(Math.max(0, lines.size() - LAST_LINES), lines.size())
            .forEach(line -> text.append("  ").append(line).append('\n'));
      }
    }
    return text.toString();
  }

  /** The base URL of the mock provider. */
  URI provider() {
    return provider;
  }

  /** A new connection to the servers' database. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  private synchronized <T extends AutoCloseable> T opened(T process) {
    started.push(process);
    return process;
  }

  private static String random() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }

  private synchronized void clear() {
    if (cleared) {
      return;
    }
    cleared = true;
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (Exception e) {
        System.err.println("threadmill: " + e);
      }
    }
    try (var all = Files.walk(scratch)) {
      for (Path each : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(each);
      }
    } catch (IOException e) {
      System.err.println("threadmill: " + scratch + " was not deleted: " + e);
    }
  }

  @Override
  public void close() {
    clear();
    Runtime.getRuntime().removeShutdownHook(hook);
  }
}
