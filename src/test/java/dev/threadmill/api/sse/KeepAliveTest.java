package dev.threadmill.api.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeepAliveTest {
  private static final Duration TICK = Duration.ofMillis(10);
  private static final Duration IDLE = TICK.multipliedBy(15);

  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final KeepAlive keepAlive = new KeepAlive(TICK);

  @AfterEach
  void tearDown() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  /** Counts its keep-alives, and how long it was idle before each. */
  private static final class Counted implements KeepAlive.Connection {
    private final List<Duration> idleTimes = new ArrayList<>();
    private long lastWrite = System.nanoTime();

    @Override
    public long lastWriteNanos() {
      return lastWrite;
    }

    @Override
    public void keepAlive() {
      idleTimes.add(Duration.ofNanos(System.nanoTime() - lastWrite));
      lastWrite = System.nanoTime();
    }

    void write() {
      lastWrite = System.nanoTime();
    }
  }

  private List<Counted> add(int count) {
    return onLoop(
        () -> {
          var connections = new ArrayList<Counted>();
          for (int i = 0; i < count; i++) {
            connections.add(new Counted());
            keepAlive.add(connections.getLast());
          }
          return connections;
        });
  }

  /** Between two ticks. */
  private <T> T onLoop(Supplier<T> work) {
    var done = new CompletableFuture<T>();
    loop.runOnContext(_ -> done.complete(work.get()));
    return done.join();
  }

  private int count(Counted connection) {
    return onLoop(() -> connection.idleTimes.size());
  }

  @Test
  void everyIdleConnectionGetsOneKeepAliveARound() {
    var connections = add(500);

    await().until(() -> count(connections.getLast()) >= 3);

    var counts = onLoop(() -> connections.stream().map(each -> each.idleTimes.size()).toList());
    int last = counts.getLast();
    assertThat(counts).allMatch(count -> Math.abs(count - last) <= 1);
  }

  @Test
  void theFirstKeepAliveComesAfterOneIdleTimeNotTwo() {
    var connection = add(1).getFirst();

    await().until(() -> count(connection) >= 1);

    var first = onLoop(() -> connection.idleTimes.getFirst());
    assertThat(first).isBetween(IDLE.minus(TICK), IDLE.multipliedBy(2).minus(TICK));
  }

  @Test
  void aWriteInTheMiddleOfARoundDelaysTheKeepAliveByHalfARoundOnly() {
    var connection = add(1).getFirst();
    long added = onLoop(connection::lastWriteNanos);
    await()
        .pollInterval(Duration.ofMillis(1))
        .until(() -> System.nanoTime() - added > IDLE.dividedBy(2).toNanos());
    onLoop(
        () -> {
          connection.write();
          return null;
        });

    await().until(() -> count(connection) >= 1);

    var first = onLoop(() -> connection.idleTimes.getFirst());
    assertThat(first).isBetween(IDLE.minus(TICK), IDLE.multipliedBy(2).minus(TICK));
  }

  @Test
  void connectionsThatAreAddedWhenAllOthersAreGoneGetKeepAlives() {
    var first = add(1).getFirst();
    await().until(() -> count(first) >= 1);
    keepAlive.remove(first);

    var second = add(1).getFirst();

    await().until(() -> count(second) >= 1);
  }

  @Test
  void aConnectionThatIsRemovedGetsNoMore() {
    var both = add(2);
    var removed = both.getFirst();
    var other = both.getLast();
    await().until(() -> count(removed) >= 1);

    int before =
        onLoop(
            () -> {
              keepAlive.remove(removed);
              return removed.idleTimes.size();
            });
    int more = count(other) + 3;
    await().until(() -> count(other) >= more);

    assertThat(count(removed)).isEqualTo(before);
  }
}
