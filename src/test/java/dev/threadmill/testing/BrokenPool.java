package dev.threadmill.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.lab.chaos.TerminateSessions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** Breaks all connections of a connection pool, as a restart of the database does. */
public final class BrokenPool {
  private static final int MANY = 20;

  private final DataSource dataSource;

  /** A pool on the database of the tests. */
  public BrokenPool(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** Terminates all sessions of the server. */
  public void breakAll() throws SQLException {
    for (var connection : taken()) {
      connection.close();
    }
    var postgres = PostgresResource.shared();
    try (var connection =
        DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password())) {
      TerminateSessions.allExcept(connection);
    }
  }

  /** Waits until no connection of the pool is broken, so that later tests are not affected. */
  public void awaitWhole() {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(broken()).as("broken connections").isZero());
  }

  private int broken() throws SQLException {
    int broken = 0;
    for (var connection : taken()) {
      broken += connection.isValid(5) ? 0 : 1;
      connection.close();
    }
    return broken;
  }

  private List<Connection> taken() throws SQLException {
    List<Connection> connections = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      connections.add(dataSource.getConnection());
    }
    return connections;
  }
}
