package dev.threadmill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClusterTest {
  @Test
  void nodesShareADatabaseAndOneThatWasKilledComesBackOnItsPort() {
    try (var cluster = Cluster.of(2).start()) {
      var a = cluster.node(0);
      var b = cluster.node(1);

      var assistant = cluster.api(a).post("/v1/assistants", "{\"model\": \"rehearsal\"}");
      assertThat(cluster.api(b).get("/v1/assistants/" + assistant.id()).status()).isEqualTo(200);

      a.kill();
      assertThat(a.isAlive()).isFalse();
      a.start().awaitReady();
      assertThat(cluster.api(a).get("/v1/assistants/" + assistant.id()).status()).isEqualTo(200);

      b.stop();
      assertThat(b.isAlive()).isFalse();
    }
  }
}
