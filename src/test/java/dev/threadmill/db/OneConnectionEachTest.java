package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.projects.KeysChanged;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Requests that hold a connection while they wait for another one would deadlock as soon as there
 * are as many of them as connections.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class OneConnectionEachTest {
  private final ApiClient user = ApiClient.user();

  @Inject Event<KeysChanged> keysChanged;

  @ConfigProperty(name = "quarkus.datasource.jdbc.max-size")
  int connections;

  @Test
  void whenAllConnectionsReadTheSameKeyAtOnceEachRunIsStillCreated() throws Exception {
    var known = Conversation.of(user, "rehearsal", "/say x");
    known.until(known.run(), "completed");
    keysChanged.fire(new KeysChanged());

    assertThat(createdWhileLocked("api_keys", Collections.nCopies(connections, known)))
        .containsOnly(200);
  }

  @Test
  void whenAllConnectionsReadAnAssistantAtOnceEachRunIsStillCreated() throws Exception {
    var conversations =
        Stream.generate(() -> Conversation.of(user, "rehearsal", "/say x"))
            .limit(connections)
            .toList();

    assertThat(createdWhileLocked("assistants", conversations)).containsOnly(200);
  }

  /** The statuses of run creations that all wait to read this table at the same time. */
  private List<Integer> createdWhileLocked(String table, List<Conversation> conversations)
      throws Exception {
    List<Future<ApiClient.Response>> created = new ArrayList<>();
    try (var requests = Executors.newVirtualThreadPerTaskExecutor()) {
      try (var other = connect()) {
        other.setAutoCommit(false);
        lock(other, table);
        for (var conversation : conversations) {
          Callable<ApiClient.Response> create =
              () -> user.post("/v1/threads/runs", conversation.body().toString());
          created.add(requests.submit(create));
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> waiting(other, table) == connections);
        other.commit();
      }
      List<Integer> statuses = new ArrayList<>();
      for (var each : created) {
        statuses.add(each.get().status());
      }
      return statuses;
    }
  }

  private static Connection connect() throws SQLException {
    var postgres = PostgresResource.shared();
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  private static void lock(Connection connection, String table) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
    }
  }

  private static int waiting(Connection connection, String table) throws SQLException {
    try (var statement =
        connection.prepareStatement(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = ?::regclass")) {
      statement.setString(1, table);
      try (var results = statement.executeQuery()) {
        results.next();
        return results.getInt(1);
      }
    }
  }
}
