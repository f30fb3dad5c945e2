package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.projects.Projects;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Drives the workers of sinks step by step; the dispatcher of the server is off in tests. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class OutboxTest {
  @Inject Outbox outbox;
  @Inject OutboxStore store;
  @Inject TelemetryConfig config;
  @Inject Jdbc jdbc;
  @Inject Ids ids;

  private ThreadId thread;
  private Received sink;

  /** Keeps the events of the test's thread, and refuses a given number of times. */
  private final class Received implements OutboxSink {
    private final String name = "test_" + ids.next("");
    private final List<String> types = new ArrayList<>();
    private int refusals;

    @Override
    public String name() {
      return name;
    }

    @Override
    public void deliver(List<OutboxEvent> events) {
      events.stream()
          .filter(event -> event.thread().equals(thread))
          .map(OutboxEvent::type)
          .forEach(types::add);
      if (refusals > 0) {
        refusals--;
        throw new IllegalStateException("refused");
      }
    }
  }

  @BeforeEach
  void setUp() {
    thread = ids.thread();
    sink = new Received();
    jdbc.update("DELETE FROM outbox_sinks");
    jdbc.update("DELETE FROM outbox");
    store.register(sink.name());
  }

  private SinkWorker worker(OutboxSink sink, String node) {
    return new SinkWorker(sink, store, config, node, () -> {});
  }

  private OutboxEvent event(String type) {
    var payload = Json.MAPPER.createObjectNode().put("type", type);
    return new OutboxEvent(Projects.DEFAULT, thread, type, payload);
  }

  private void append(String type) {
    jdbc.runInTransaction(tx -> outbox.append(tx, event(type)));
  }

  private static void drain(SinkWorker worker) throws InterruptedException {
    while (worker.step().compareTo(Duration.ofHours(1)) < 0) {}
  }

  @Test
  void aSinkReceivesTheEventsOfCommittedTransactionsInTheirOrder() throws Exception {
    append("first");
    jdbc.runInTransaction(tx -> outbox.append(tx, List.of(event("second"), event("third"))));
    assertThatThrownBy(
            () ->
                jdbc.runInTransaction(
                    tx -> {
                      outbox.append(tx, event("never"));
                      throw new IllegalStateException("rolled back");
                    }))
        .hasMessage("rolled back");

    drain(worker(sink, "node_a"));

    assertThat(sink.types).containsExactly("first", "second", "third");
  }

  @Test
  void anEventIsNotMissedWhenItsTransactionCommitsAfterOneWithALaterNumber() throws Exception {
    var worker = worker(sink, "node_a");
    drain(worker);
    var isAppended = new CountDownLatch(1);
    var mayCommit = new CountDownLatch(1);
    var slow =
        Thread.ofVirtual()
            .start(
                () ->
                    jdbc.runInTransaction(
                        tx -> {
                          // As the outbox does it in a commit that takes its time.
                          tx.update(
                              """
                              INSERT INTO outbox (id, project_id, thread_id, type, payload)
                              VALUES ('evt_slow', ?, ?, 'slow', '{}')
                              """,
                              Projects.DEFAULT,
                              thread);
                          isAppended.countDown();
                          await(mayCommit);
                        }));
    isAppended.await();
    append("fast");

    worker.step();
    worker.step();
    assertThat(sink.types).as("after a transaction that still runs").isEmpty();
    mayCommit.countDown();
    slow.join();
    drain(worker);

    assertThat(sink.types).containsExactlyInAnyOrder("slow", "fast");
  }

  @Test
  void whatASinkRefusesIsDeliveredToItAgainAndToOthersOnce() throws Exception {
    var other = new Received();
    store.register(other.name());
    append("event");
    sink.refusals = 2;

    drain(worker(sink, "node_a"));
    drain(worker(other, "node_a"));

    assertThat(sink.types).containsExactly("event", "event", "event");
    assertThat(other.types).containsExactly("event");
  }

  @Test
  void oneNodeDeliversAndAnotherGoesOnWhereItStopped() throws Exception {
    var first = worker(sink, "node_a");
    var second = worker(sink, "node_b");
    append("one");
    drain(first);

    append("two");
    second.step();
    assertThat(sink.types).as("node_a holds the lease").containsExactly("one");
    store.release(sink.name(), "node_a");
    drain(worker(sink, "node_b"));

    assertThat(sink.types).containsExactly("one", "two");
    first.step();
    append("three");
    drain(worker(sink, "node_b"));
    assertThat(sink.types).as("node_a moved no position").containsExactly("one", "two", "three");
  }

  @Test
  void moreEventsThanABatchHoldsArriveOnceEach() throws Exception {
    int count = SinkWorker.MAX_BATCH * 2 + 1;
    jdbc.runInTransaction(
        tx -> {
          for (int i = 0; i < count; i++) {
            outbox.append(tx, event("event_" + i));
          }
        });

    drain(worker(sink, "node_a"));

    assertThat(sink.types).hasSize(count).doesNotHaveDuplicates().endsWith("event_" + (count - 1));
  }

  @Test
  void eventsAreDeletedOnceEverySinkHasReceivedThem() throws Exception {
    var other = new Received();
    store.register(other.name());
    append("event");

    drain(worker(sink, "node_a"));
    assertThat(stored()).as("the other sink has not read it").isEqualTo(1);
    drain(worker(other, "node_a"));

    assertThat(stored()).isZero();
  }

  @Test
  void anUndeliveredEventIsDeletedAfterTheRetention() {
    append("event");
    jdbc.update("UPDATE outbox SET created_at = now() - interval '2 days'");
    append("young");

    assertThat(store.clean(Duration.ofDays(1))).isEqualTo(1);
    assertThat(stored()).isEqualTo(1);
  }

  @Test
  void inADatabaseRestoredFromAnotherClusterDeliveryGoesOn() throws Exception {
    drain(worker(sink, "node_a"));
    append("old");
    jdbc.update("UPDATE outbox SET written = '900000000000'");
    jdbc.update("UPDATE outbox_sinks SET from_xid = '900000000000', to_xid = '900000000000'");
    store.release(sink.name(), "node_a");

    store.register(sink.name());
    append("new");
    drain(worker(sink, "node_b"));

    assertThat(sink.types).containsExactly("old", "new");
  }

  private int stored() {
    return jdbc.one("SELECT count(*)::int AS n FROM outbox", row -> row.integer("n")).orElse(0);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aSinkThatLagsReadsManySmallWindowsAndMissesNothing() throws Exception {
    var expected = new ArrayList<String>();
    for (int transaction = 0; transaction < 5; transaction++) {
      var types = new ArrayList<String>();
      for (int i = 0; i < 900; i++) {
        types.add(transaction + "/" + i);
      }
      jdbc.runInTransaction(tx -> types.forEach(type -> outbox.append(tx, event(type))));
      expected.addAll(types);
    }
    var worker = worker(sink, "node");

    for (int step = 0; step < 30; step++) {
      worker.step();
    }

    assertThat(sink.types).isEqualTo(expected);
  }
}
