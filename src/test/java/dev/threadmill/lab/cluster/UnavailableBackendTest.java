package dev.threadmill.lab.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.ServerProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnavailableBackendTest {
  @Test
  void aServerIsNotReadyWhilePostgresIsUnreachable() throws IOException {
    int port = ServerProcess.freePort();
    int postgres = PostgresResource.shared().port();
    // Given: a server whose connection to the database can be cut
    var way = LoadBalancer.open("127.0.0.1", port, List.of(postgres));
    try (var cluster = Cluster.of(1)) {
      cluster
          .with(
              "THREADMILL_DATABASE_URL",
              cluster.databaseUrl().replace(":" + postgres + "/", ":" + port + "/"))
          .start();
      var server = cluster.node(0);

      way.close();
      await().atMost(Duration.ofSeconds(20)).until(() -> !server.isReady());
      assertThat(server.isAlive()).isTrue();

      way = LoadBalancer.open("127.0.0.1", port, List.of(postgres));
      await().atMost(Duration.ofSeconds(30)).until(server::isReady);
      assertThat(cluster.api(server).post("/v1/assistants", "{\"model\": \"rehearsal\"}").status())
          .isEqualTo(200);
    } finally {
      way.close();
    }
  }

  @Test
  void connectionsAreBalancedRoundRobinAndSkipANodeThatIsDown() throws IOException {
    int port = ServerProcess.freePort();
    try (var cluster = Cluster.of(2).start();
        var front =
            LoadBalancer.open(
                "127.0.0.1", port, List.of(cluster.node(0).port(), cluster.node(1).port()))) {
      assertThat(front).isNotNull();
      var api = cluster.api(cluster.node(0)).at("http://127.0.0.1:" + port);
      for (int call = 0; call < 4; call++) {
        assertThat(api.with("Connection-Number", "" + call).get("/v1/assistants").status())
            .isEqualTo(200);
      }

      cluster.node(0).kill();

      // A connection that was open to this node breaks; new ones go to the other node.
      await()
          .ignoreExceptions()
          .atMost(Duration.ofSeconds(10))
          .until(() -> api.get("/v1/assistants").status() == 200);
    }
  }
}
