package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An action after a commit may take a connection, and must not wait for its own one. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class AfterCommitTest {
  @Inject Jdbc jdbc;

  @ConfigProperty(name = "quarkus.datasource.jdbc.max-size")
  int connections;

  @Test
  void whenAllConnectionsCommitAtOnceEachMayReadSomethingAfterwards() throws Exception {
    var inTransaction = new CyclicBarrier(connections);
    var committed = new CyclicBarrier(connections);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> read = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        read.add(
            threads.submit(
                () -> {
                  var found = new ArrayList<Integer>();
                  jdbc.runInTransaction(
                      tx -> {
                        tx.one("SELECT 1 AS n", row -> row.integer("n"));
                        await(inTransaction);
                        tx.afterCommit(
                            () -> {
                              await(committed);
                              found.addAll(jdbc.list("SELECT 1 AS n", row -> row.integer("n")));
                            });
                      });
                  return found.size();
                }));
      }
      for (var each : read) {
        assertThat(each.get()).isEqualTo(1);
      }
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
