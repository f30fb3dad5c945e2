package dev.threadmill.lab.memory;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.embedded.EmbeddedPostgres;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalPropertiesReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import org.flywaydb.core.Flyway;

/** A database for a benchmark, deleted at the end unless a folder is given. */
final class BenchDatabase implements AutoCloseable {
  private final Path home;
  private final boolean kept;
  private final EmbeddedPostgres postgres;
  private final AgroalDataSource pool;

  /**
   * @param folder an existing or new folder that keeps the database; null for a temporary one
   */
  BenchDatabase(Path folder) throws IOException, SQLException {
    kept = folder != null;
    home =
        kept
            ? Files.createDirectories(folder.toAbsolutePath())
            : Files.createTempDirectory("threadmill-bench-");
    var cache =
        Optional.ofNullable(System.getenv("THREADMILL_CACHE"))
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".threadmill", "cache"));
    postgres = EmbeddedPostgres.start(EmbeddedPostgres.Options.at(home).withCache(cache));
    Flyway.configure()
        .dataSource(postgres.jdbcUrl(), postgres.user(), postgres.password())
        .locations("classpath:migrations")
        .load()
        .migrate();
    pool =
        AgroalDataSource.from(
            new AgroalPropertiesReader()
                .readProperties(
                    Map.of(
                        AgroalPropertiesReader.MAX_SIZE,
                        "8",
                        AgroalPropertiesReader.JDBC_URL,
                        postgres.jdbcUrl()
                            + (postgres.jdbcUrl().contains("?") ? "&" : "?")
                            + "reWriteBatchedInserts=true&prepareThreshold=2",
                        AgroalPropertiesReader.PRINCIPAL,
                        postgres.user(),
                        AgroalPropertiesReader.CREDENTIAL,
                        postgres.password())));
  }

  Jdbc jdbc() {
    return new Jdbc(pool);
  }

  @Override
  public void close() throws IOException {
    pool.close();
    postgres.close();
    if (kept) {
      return;
    }
    try (var all = Files.walk(home)) {
      for (var each : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(each);
      }
    }
  }
}
