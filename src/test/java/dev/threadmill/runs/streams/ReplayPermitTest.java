package dev.threadmill.runs.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.MemoryPermits;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ReplayPermitTest {
  private static final ProjectId ONE = new ProjectId("proj_one");
  private static final ProjectId OTHER = new ProjectId("proj_other");
  private static final int LARGE = 1_000_000;

  private final MemoryPermits permits = new MemoryPermits(8 << 20);
  private final AtomicInteger loads = new AtomicInteger();

  @Test
  void aLargeTextIsLoadedAgainUnderAPermitForAllOfIt() throws InterruptedException {
    assertThat(load(new ReplayPermit(permits, ONE), LARGE)).isEqualTo("loaded");

    assertThat(loads).hasValue(2);
  }

  @Test
  void smallTextsOfAnyNumberOfReadersAreLoadedOnce() throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      assertThat(load(new ReplayPermit(permits, ONE), 10_000)).isEqualTo("loaded");
    }

    assertThat(loads).hasValue(100);
  }

  @Test
  void readersOfOneProjectWaitForEachOtherAndAnotherProjectDoesNot() throws Exception {
    var first = new ReplayPermit(permits, ONE);
    load(first, LARGE);
    var second = inBackground(new ReplayPermit(permits, ONE));

    assertThat(load(new ReplayPermit(permits, OTHER), LARGE / 2)).isEqualTo("loaded");
    assertThat(second).isNotDone();

    first.release();
    assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo("loaded");
  }

  @Test
  void aReaderThatIsClosedWaitsNoLongerAndLoadsNothing() throws Exception {
    var first = new ReplayPermit(permits, ONE);
    load(first, LARGE);
    var waiting = new ReplayPermit(permits, ONE);
    var result = inBackground(waiting);

    waiting.close();

    assertThat(result.get(10, TimeUnit.SECONDS)).isNull();
    assertThat(load(waiting, 1)).isNull();
    first.close();
    assertThat(load(new ReplayPermit(permits, ONE), LARGE)).isEqualTo("loaded");
  }

  private String load(ReplayPermit permit, long characters) throws InterruptedException {
    return permit.load(
        () -> {
          loads.incrementAndGet();
          return new ReplayPermit.Loaded<>("loaded", characters);
        });
  }

  private CompletableFuture<String> inBackground(ReplayPermit permit) {
    var result = new CompletableFuture<String>();
    Thread.startVirtualThread(
        () -> {
          try {
            result.complete(load(permit, LARGE));
          } catch (InterruptedException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
