package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.CommitProxy;
import dev.threadmill.testing.CommitProxy.Side;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kills a node at each commit of a request that carries an idempotency key. */
class IdempotencyCrashTest {
  private static final int MOST_COMMITS = 10;

  @ParameterizedTest
  @EnumSource(Side.class)
  void anotherNodeAnswersTheSameKeyAndTheEffectExistsOnce(Side side) throws SQLException {
    try (var proxy = CommitProxy.start();
        var cluster = Cluster.of(2).with("THREADMILL_MEMORY_WORKER", "false")) {
      cluster.node(0).with("THREADMILL_DATABASE_URL", proxy.through(cluster.databaseUrl()));
      int commit = 1;
      while (killedAt(cluster, proxy, commit, side)) {
        commit++;
        assertThat(commit).isLessThan(MOST_COMMITS);
      }
      assertThat(commit).as("commits that were tried").isGreaterThan(1);
    }
  }

  /** Returns false if the request ended before the n-th commit. */
  private static boolean killedAt(Cluster cluster, CommitProxy proxy, int commit, Side side)
      throws SQLException {
    cluster.start();
    var victim = cluster.node(0);
    var key = "key-" + side + commit;
    var body = "{\"metadata\": {\"key\": \"%s\"}}".formatted(key);
    var killed = proxy.killAt(commit, side, victim);
    try {
      cluster.api(victim).with("Idempotency-Key", key).post("/v1/threads", body);
    } catch (UncheckedIOException e) {
      // The request failed because the node was killed.
    }
    proxy.disarm();
    if (killed.get()) {
      victim.start();
      expireLeases(cluster);
    }

    var other = cluster.api(cluster.node(1)).with("Idempotency-Key", key);
    var second = other.post("/v1/threads", body);
    assertThat(second.status()).as(() -> second.text() + cluster.logs()).isEqualTo(200);
    var third = other.post("/v1/threads", body);
    assertThat(third.text()).isEqualTo(second.text());
    try (var database = cluster.connect();
        var query =
            database.prepareStatement(
                "SELECT count(*) FROM threads WHERE metadata ->> 'key' = ?")) {
      query.setString(1, key);
      try (var rows = query.executeQuery()) {
        rows.next();
        assertThat(rows.getInt(1)).as("threads, killed %s commit %d", side, commit).isEqualTo(1);
      }
    }
    return killed.get();
  }

  /** Expires the lease of a crashed node on its keys. */
  private static void expireLeases(Cluster cluster) throws SQLException {
    try (var database = cluster.connect();
        var statement = database.createStatement()) {
      statement.executeUpdate(
          "UPDATE idempotency_keys SET held_until = now() - interval '1 second'"
              + " WHERE status IS NULL");
    }
  }
}
