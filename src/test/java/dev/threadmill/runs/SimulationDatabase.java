package dev.threadmill.runs;

import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;

/**
 * A database of the simulation's own, on the Postgres of all tests: what others left is not there.
 */
public final class SimulationDatabase implements QuarkusTestResourceLifecycleManager {
  private final String name = "simulation_" + ProcessHandle.current().pid();

  @Override
  public Map<String, String> start() {
    var postgres = PostgresResource.shared();
    execute("CREATE DATABASE " + name);
    return Map.of(
        "quarkus.datasource.jdbc.url",
        "jdbc:postgresql://127.0.0.1:%d/%s".formatted(postgres.port(), name),
        "quarkus.datasource.username",
        postgres.user(),
        "quarkus.datasource.password",
        postgres.password(),
        // A crash of Postgres is not among what is simulated.
        "quarkus.datasource.jdbc.new-connection-sql",
        "SET synchronous_commit TO off");
  }

  /** The priority of this resource: after the database of all tests, so that this one is used. */
  @Override
  public int order() {
    return 10;
  }

  private static void execute(String sql) {
    var postgres = PostgresResource.shared();
    try (var connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void stop() {
    execute("DROP DATABASE " + name + " WITH (FORCE)");
  }
}
