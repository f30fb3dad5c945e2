package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.Api;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All connections of a well filled pool have gone, as after a restart of the database. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class BrokenPoolTest {
  private static final int MANY = 20;

  @Inject DataSource dataSource;
  @Inject Jdbc jdbc;

  @BeforeEach
  void manyConnectionsAreCut() throws SQLException {
    List<Connection> connections = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      connections.add(dataSource.getConnection());
    }
    for (var connection : connections) {
      connection.close();
    }
    var postgres = PostgresResource.shared();
    try (var connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        var statement = connection.createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    }
  }

  /** For the sake of the tests that come after this one. */
  @AfterEach
  void thePoolIsWhole() {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(broken()).as("broken connections").isZero());
  }

  @Test
  void aQueryIsAnsweredByTheFirstConnectionThatHolds() {
    assertThat(jdbc.one("SELECT 7 AS seven", row -> row.integer("seven"))).contains(7);
  }

  @Test
  void aTransactionIsDoneOnTheFirstConnectionThatHolds() {
    Optional<Integer> seven =
        jdbc.inTransaction(tx -> tx.one("SELECT 7 AS seven", row -> row.integer("seven")));
    assertThat(seven).contains(7);
  }

  @Test
  void aRequestIsToldToTryAgainAtMostWhileThePoolIsLookedThrough() {
    var user = Api.user();
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(
            () -> {
              var made = user.post("/v1/threads", "{}");
              assertThat(made.status()).as(made.text()).isEqualTo(200);
            });
  }

  @Test
  void oneThatComesBackBrokenHasAllOthersLookedAt() throws SQLException {
    jdbc.one("SELECT 7 AS seven", row -> row.integer("seven"));

    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(broken()).as("broken connections").isZero());
  }

  private int broken() throws SQLException {
    List<Connection> connections = new ArrayList<>();
    int broken = 0;
    for (int i = 0; i < MANY; i++) {
      connections.add(dataSource.getConnection());
    }
    for (var connection : connections) {
      broken += connection.isValid(5) ? 0 : 1;
      connection.close();
    }
    return broken;
  }
}
