package dev.threadmill.api.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MemoryPermitsTest {
  private final MemoryPermits permits = new MemoryPermits(100);

  @Test
  void aPermitIsGrantedAtOnceWhileBytesAreAvailable() {
    assertThat(permits.acquire(60)).isCompleted();
    assertThat(permits.acquire(40)).isCompleted();
    assertThat(permits.acquire(1)).isNotDone();
  }

  @Test
  void waitersAreGrantedInOrderAndNoneOvertakesAnother() {
    var first = permits.acquire(90);
    var large = permits.acquire(80);
    var small = permits.acquire(5);
    assertThat(large).isNotDone();
    assertThat(small).as("it waits after the large one").isNotDone();

    first.join().close();

    assertThat(large).isCompleted();
    assertThat(small).isCompleted();
  }

  @Test
  void aRequestLargerThanTheCapacityGetsAllOfIt() {
    var huge = permits.acquire(1_000);
    assertThat(huge).isCompleted();
    var next = permits.acquire(1);
    assertThat(next).isNotDone();

    huge.join().close();

    assertThat(next).isCompleted();
  }

  @Test
  void aCancelledWaiterMakesWayForTheNext() {
    var first = permits.acquire(50);
    var large = permits.acquire(80);
    var small = permits.acquire(50);

    assertThat(small).isNotDone();
    large.cancel(false);

    assertThat(small).isCompleted();
    first.join().close();
    assertThat(permits.acquire(50)).as("the other half").isCompleted();
  }

  @Test
  void givingUpReleasesAPermitThatWasGrantedMeanwhile() {
    var first = permits.acquire(100);
    var second = permits.acquire(100);

    MemoryPermits.giveUp(second);
    MemoryPermits.giveUp(first);

    assertThat(permits.acquire(100)).isCompleted();
  }

  @Test
  void aPermitIsReleasedOnceHoweverOftenItIsClosed() {
    var half = permits.acquire(50).join();
    permits.acquire(50);
    half.close();
    half.close();

    assertThat(permits.acquire(50)).isCompleted();
    assertThat(permits.acquire(1)).isNotDone();
  }

  @Test
  void ownersTakeTurnsHoweverManyPermitsOneWaitsFor() {
    var first = permits.acquire("many", 70);
    var second = permits.acquire("many", 70);
    var third = permits.acquire("many", 70);
    var other = permits.acquire("few", 70);
    first.join().close();
    assertThat(second).isCompleted();
    assertThat(other).isNotDone();

    second.join().close();

    assertThat(other).as("before the third of the other owner").isCompleted();
    assertThat(third).isNotDone();
    other.join().close();
    assertThat(third).isCompleted();
  }

  @Test
  void aQuarterIsLeftForOthersThanTheOwnerWhoHoldsTheRest() {
    permits.acquire("many", 60);
    var more = permits.acquire("many", 20);
    var other = permits.acquire("few", 40);

    assertThat(more).isNotDone();
    assertThat(other).isCompleted();
    other.join().close();
    assertThat(more).as("whether or not another one waits").isNotDone();
  }

  @Test
  void manyAtATimeNeverHaveMoreThanThereIsAndAllGetTheirTurn() throws InterruptedException {
    var had = new AtomicLong();
    var most = new AtomicLong();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < 40; i++) {
      threads.add(Thread.ofVirtual().start(() -> takeOften(had, most)));
    }
    for (var thread : threads) {
      thread.join();
    }

    assertThat(most.get()).isLessThanOrEqualTo(100);
    assertThat(permits.acquire(100)).as("all of it").isCompleted();
  }

  private void takeOften(AtomicLong had, AtomicLong most) {
    for (int i = 0; i < 500; i++) {
      int bytes = ThreadLocalRandom.current().nextInt(1, 60);
      CompletableFuture<MemoryPermits.Permit> permit = permits.acquire(bytes);
      if (i % 7 == 0 && permit.cancel(false)) {
        continue;
      }
      try (var _ = permit.join()) {
        most.accumulateAndGet(had.addAndGet(bytes), Math::max);
        Thread.yield();
        had.addAndGet(-bytes);
      }
    }
  }
}
