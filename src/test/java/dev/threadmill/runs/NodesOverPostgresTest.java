package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** Nodes that share only Postgres. */
class NodesOverPostgresTest extends NodesTest {
  private static final int LISTEN_MILLIS = 100;

  @Override
  Cluster cluster() {
    return Cluster.of(2);
  }

  @Test
  void aSubscriptionThatArrivesAfterTheEndOfARunIsAnswered() throws SQLException {
    cluster.provider().reply(Reply.text("Hello."));
    var run = startRun();
    await()
        .until(
            () -> cluster.api(a).get(path(run)).json().path("status").asText(),
            "completed"::equals);
    var id = run.path("id").asText();

    try (var connection = cluster.connect();
        var statement = connection.createStatement()) {
      statement.execute("LISTEN threadmill_signals");
      statement.execute(
          """
          NOTIFY threadmill_signals, '{"from": "node_of_the_test", "signals": [
            {"type": "watch_requested", "run": "%s"}, {"type": "watch_requested", "run": "run_no"}]}'
          """
              .formatted(id));

      var notifications = new ArrayList<String>();
      await()
          .untilAsserted(
              () -> {
                notifications.addAll(notifications(connection));
                assertThat(notifications).anyMatch(payload -> payload.contains("run_changed"));
              });
      assertThat(notifications)
          .anyMatch(payload -> payload.contains("run_changed") && payload.contains(id));
      assertThat(notifications)
          .noneMatch(payload -> payload.contains("run_changed") && payload.contains("run_no"));
    }
  }

  private static List<String> notifications(Connection connection) throws SQLException {
    var notifications = connection.unwrap(PGConnection.class).getNotifications(LISTEN_MILLIS);
    return List.of(notifications).stream().map(each -> each.getParameter()).toList();
  }
}
