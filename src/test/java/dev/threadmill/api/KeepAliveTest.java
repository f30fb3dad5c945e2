package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeepAliveTest {
  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final KeepAlive keepAlive = new KeepAlive(Duration.ofMillis(5));

  @AfterEach
  void tearDown() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private static final class Counted implements KeepAlive.Connection {
    private final AtomicInteger signs = new AtomicInteger();

    @Override
    public void onTimer() {
      signs.incrementAndGet();
    }

    int signs() {
      return signs.get();
    }
  }

  private void add(List<Counted> lines) {
    onLoop(
        () -> {
          lines.forEach(keepAlive::add);
          return null;
        });
  }

  /** Between two ticks. */
  private <T> T onLoop(Supplier<T> work) {
    var done = new CompletableFuture<T>();
    loop.runOnContext(_ -> done.complete(work.get()));
    return done.join();
  }

  private static List<Counted> lines(int count) {
    var lines = new ArrayList<Counted>();
    for (int i = 0; i < count; i++) {
      lines.add(new Counted());
    }
    return lines;
  }

  @Test
  void everyLineHasItsTurnOnceARound() {
    var lines = lines(500);
    add(lines);

    await().until(() -> lines.getLast().signs() >= 3);

    var signs = onLoop(() -> lines.stream().map(Counted::signs).toList());
    assertThat(Set.copyOf(signs)).as("signs of 500 lines").hasSize(1);
  }

  @Test
  void linesThatComeWhenAllOthersHaveGoneHaveTheirTurn() {
    var first = new Counted();
    add(List.of(first));
    await().until(() -> first.signs() >= 1);
    keepAlive.remove(first);

    var second = new Counted();
    add(List.of(second));

    await().until(() -> second.signs() >= 1);
  }

  @Test
  void aLineThatIsTakenAwayIsAskedNoMore() {
    var gone = new Counted();
    var stays = new Counted();
    add(List.of(gone, stays));
    await().until(() -> gone.signs() >= 1);

    int signs =
        onLoop(
            () -> {
              keepAlive.remove(gone);
              return gone.signs();
            });
    int more = stays.signs() + 3;
    await().until(() -> stays.signs() >= more);

    assertThat(gone.signs()).isEqualTo(signs);
  }
}
