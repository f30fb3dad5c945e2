package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.PostgresResource;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalPropertiesReader;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CancellationTokenTest {
  private final CancellationToken run = new CancellationToken() {};

  @Test
  void aWaitForAConnectionIsInterruptedAndDoesNotFail() throws SQLException {
    var postgres = PostgresResource.shared();
    var settings =
        Map.of(
            AgroalPropertiesReader.MAX_SIZE, "1",
            AgroalPropertiesReader.JDBC_URL, postgres.jdbcUrl(),
            AgroalPropertiesReader.PRINCIPAL, postgres.user(),
            AgroalPropertiesReader.CREDENTIAL, postgres.password());
    try (var pool = AgroalDataSource.from(new AgroalPropertiesReader().readProperties(settings));
        var theOnlyOne = pool.getConnection()) {
      assertThat(theOnlyOne).isNotNull();
      var jdbc = new Jdbc(pool);
      var outcome = new CompletableFuture<Throwable>();
      var waiting =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      run.interruptibly(() -> jdbc.one("SELECT 1 AS one", row -> 1));
                      outcome.complete(null);
                    } catch (Throwable e) {
                      outcome.complete(e);
                    }
                  });
      await()
          .until(
              () ->
                  waiting.getState() == Thread.State.TIMED_WAITING
                      || waiting.getState() == Thread.State.WAITING);

      run.stop(CancellationToken.StopReason.CANCEL);

      assertThat(outcome.join()).isInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void anErrorOfTheDatabaseStaysOneWhileTheRunIsNotStopped() {
    var fault = new DatabaseException(new SQLException("no such table", "42P01"));

    assertThatThrownBy(
            () ->
                run.interruptibly(
                    () -> {
                      throw fault;
                    }))
        .isSameAs(fault);
  }
}
