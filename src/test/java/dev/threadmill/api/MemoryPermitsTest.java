package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MemoryPermitsTest {
  private final MemoryPermits room = new MemoryPermits(100);

  @Test
  void whoFindsRoomDoesNotWait() {
    assertThat(room.acquire(60)).isCompleted();
    assertThat(room.acquire(40)).isCompleted();
    assertThat(room.acquire(1)).isNotDone();
  }

  @Test
  void thoseWhoWaitAreLetInInTheirTurnAndNobodyOvertakesThem() {
    var first = room.acquire(90);
    var large = room.acquire(80);
    var small = room.acquire(5);
    assertThat(large).isNotDone();
    assertThat(small).as("it is behind the large one").isNotDone();

    first.join().close();

    assertThat(large).isCompleted();
    assertThat(small).isCompleted();
  }

  @Test
  void whatIsLargerThanTheRoomHasItForItself() {
    var huge = room.acquire(1_000);
    assertThat(huge).isCompleted();
    var next = room.acquire(1);
    assertThat(next).isNotDone();

    huge.join().close();

    assertThat(next).isCompleted();
  }

  @Test
  void whoGivesUpMakesWayForTheNext() {
    var first = room.acquire(50);
    var large = room.acquire(80);
    var small = room.acquire(50);

    assertThat(small).isNotDone();
    large.cancel(false);

    assertThat(small).isCompleted();
    first.join().close();
    assertThat(room.acquire(50)).as("the other half").isCompleted();
  }

  @Test
  void roomIsGivenBackOnceHoweverOftenItIsClosed() {
    var half = room.acquire(50).join();
    room.acquire(50);
    half.close();
    half.close();

    assertThat(room.acquire(50)).isCompleted();
    assertThat(room.acquire(1)).isNotDone();
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
    assertThat(room.acquire(100)).as("all of it").isCompleted();
  }

  private void takeOften(AtomicLong had, AtomicLong most) {
    for (int i = 0; i < 500; i++) {
      int bytes = ThreadLocalRandom.current().nextInt(1, 60);
      CompletableFuture<MemoryPermits.Permit> place = room.acquire(bytes);
      if (i % 7 == 0 && place.cancel(false)) {
        continue;
      }
      try (var _ = place.join()) {
        most.accumulateAndGet(had.addAndGet(bytes), Math::max);
        Thread.yield();
        had.addAndGet(-bytes);
      }
    }
  }
}
