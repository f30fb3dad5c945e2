package dev.threadmill.testing;

import static org.awaitility.Awaitility.await;

import dev.threadmill.db.embedded.EmbeddedPostgres;
import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.db.embedded.EmbeddedPostgres.Vector;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/**
 * One real PostgreSQL with pgvector for all tests of this JVM. Its sessions have an unusual time
 * zone, so that code that depends on it fails.
 */
public final class PostgresResource implements QuarkusTestResourceLifecycleManager {
  /** UTC+5:45. */
  public static final String TIME_ZONE = "Asia/Kathmandu";

  private static EmbeddedPostgres shared;
  private static Path home;

  /** The shared server; started at the first call, stopped with the JVM. */
  public static synchronized EmbeddedPostgres shared() {
    if (shared == null) {
      home = temporaryHome();
      var options =
          Options.at(home)
              .withCache(cache())
              .withVector(Vector.REQUIRE_PGVECTOR)
              .withTimeZone(TIME_ZONE)
              .withProgress(System.err::println);
      shared = EmbeddedPostgres.start(options);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    shared.close();
                    delete(home);
                  }));
    }
    return shared;
  }

  /** The folder for files that are slow to create: the server's own default. */
  public static Path cache() {
    return Optional.ofNullable(System.getenv("THREADMILL_CACHE"))
        .map(Path::of)
        .orElseGet(
            () -> {
              String user =
                  Optional.ofNullable(System.getenv("HOME"))
                      .orElse(System.getProperty("user.home"));
              return Path.of(user, ".threadmill", "cache");
            });
  }

  /** A new home folder for one server. */
  public static Path temporaryHome() {
    try {
      return Files.createTempDirectory("threadmill-test-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a folder recursively, without following links. */
  public static void delete(Path folder) {
    // A process that is ending may write to it meanwhile.
    await().ignoreExceptions().until(() -> isDeleted(folder));
  }

  private static boolean isDeleted(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (var all = Files.walk(folder)) {
        for (Path each : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
          Files.deleteIfExists(each);
        }
      }
    }
    return true;
  }

  @Override
  public Map<String, String> start() {
    EmbeddedPostgres postgres = shared();
    return Map.of(
        "threadmill.home", home.toString(),
        "quarkus.datasource.jdbc.url", postgres.jdbcUrl(),
        "quarkus.datasource.username", postgres.user(),
        "quarkus.datasource.password", postgres.password(),
        // The driver sets the JVM's zone when it connects; this statement runs after it.
        "quarkus.datasource.jdbc.new-connection-sql", "SET TIME ZONE '" + TIME_ZONE + "'");
  }

  @Override
  public void stop() {
    // Quarkus may restart between tests; the database remains until the JVM ends.
  }
}
