package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.db.DedicatedConnection;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.testing.BrokenPool;
import dev.threadmill.testing.PostgresResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
class LeaseRenewalTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);

  @Inject AgroalDataSource dataSource;
  @Inject DedicatedConnection side;
  @Inject NodeLease node;

  @Test
  void aNodeWhoseConnectionsAreAllBusyRenewsItsLease() throws SQLException {
    int all = dataSource.getConfiguration().connectionPoolConfiguration().maxSize();
    List<Connection> busy = new ArrayList<>();
    try {
      for (int i = 0; i < all; i++) {
        busy.add(dataSource.getConnection());
      }
      var before = lease(busy.getFirst());
      await()
          .atMost(LONG_ENOUGH)
          .untilAsserted(() -> assertThat(lease(busy.getFirst())).isAfter(before));
    } finally {
      for (var connection : busy) {
        connection.close();
      }
    }
  }

  @Test
  void aSideConnectionThatWasCutIsReplaced() throws SQLException {
    int pid = side.execute(LeaseRenewalTest::pid);
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement("SELECT pg_terminate_backend(?)")) {
      statement.setInt(1, pid);
      statement.execute();
    }

    await().atMost(LONG_ENOUGH).until(() -> side.execute(LeaseRenewalTest::pid) != pid);
  }

  @Test
  void aSilentNodeIsGivenUpByOneWhoseConnectionsAreAllBroken() throws SQLException {
    await().atMost(LONG_ENOUGH).until(node::isHealthyForOneLease);
    side.execute(
        tx ->
            tx.update(
                """
                INSERT INTO nodes (id, started_at, lease_until)
                VALUES ('node_silent', now(), now() - interval '1 minute')
                """));
    var pool = new BrokenPool(dataSource);
    pool.breakAll();

    // The sweep may have been quicker.
    node.evictExpiredNodes();

    Optional<Integer> silent =
        side.execute(
            tx ->
                tx.one(
                    "SELECT 1 AS one FROM nodes WHERE id = 'node_silent'",
                    row -> row.integer("one")));
    assertThat(silent).isEmpty();
    pool.awaitWhole();
  }

  private static int pid(Tx tx) {
    return tx.one("SELECT pg_backend_pid() AS pid", row -> row.integer("pid")).orElseThrow();
  }

  private OffsetDateTime lease(Connection connection) throws SQLException {
    try (var statement =
        connection.prepareStatement("SELECT lease_until FROM nodes WHERE id = ?")) {
      statement.setString(1, node.id());
      try (var results = statement.executeQuery()) {
        results.next();
        return results.getObject(1, OffsetDateTime.class);
      }
    }
  }
}
