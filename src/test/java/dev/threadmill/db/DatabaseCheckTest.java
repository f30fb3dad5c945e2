package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.PostgresResource;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DatabaseCheckTest {
  private static final Duration NOT_LONG = Duration.ofMillis(100);

  @Test
  void aPostgresWithPgvectorIsAccepted() throws InterruptedException {
    assertThat(DatabaseCheck.problem(at(PostgresResource.shared().jdbcUrl()), NOT_LONG)).isEmpty();
  }

  @Test
  void anUnreachableServerIsReportedWithItsAddressOnly() throws InterruptedException {
    assertThat(DatabaseCheck.problem(at("jdbc:postgresql://127.0.0.1:1/nothing"), NOT_LONG).get())
        .startsWith("127.0.0.1:1/nothing does not answer: ")
        .doesNotContain("\n", PostgresResource.shared().password());
  }

  @Test
  void aWrongPasswordIsReportedAtOnce() throws InterruptedException {
    var wrong =
        new DatabaseUrl(
            PostgresResource.shared().jdbcUrl(), Optional.of("threadmill"), Optional.of("guess"));

    assertThat(DatabaseCheck.problem(wrong, Duration.ofHours(1)).get())
        .contains("password authentication failed");
  }

  @Test
  void aDatabaseThatDoesNotKeepUtf8WillNotDo() throws Exception {
    var postgres = PostgresResource.shared();
    try (var connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        var statement = connection.createStatement()) {
      statement.execute(
          "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc");
      String url = postgres.jdbcUrl().replaceFirst("/\\w+$", "/ascii");

      assertThat(DatabaseCheck.problem(at(url), NOT_LONG).get()).contains("UTF8");

      statement.execute("DROP DATABASE ascii");
    }
  }

  private static DatabaseUrl at(String jdbcUrl) {
    var postgres = PostgresResource.shared();
    return new DatabaseUrl(jdbcUrl, Optional.of(postgres.user()), Optional.of(postgres.password()));
  }
}
