package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PeriodicWorkTest {
  @Test
  void workThatFailsIsDoneAgainAfterTheNextPause() throws Exception {
    var due = new Semaphore(0);
    var done = new Semaphore(0);
    var work =
        PeriodicWork.after(
            "test",
            due::acquire,
            () -> {
              done.release();
              throw new IllegalStateException("This time it fails.");
            });

    due.release(2);

    assertThat(done.tryAcquire(2, 20, TimeUnit.SECONDS)).isTrue();
    work.stop();
  }

  @Test
  void aPauseEndsAtOnceWhenTheWorkIsStopped() throws Exception {
    var times = new AtomicInteger();
    var work = PeriodicWork.every("test", Duration.ofDays(1), times::incrementAndGet);

    long started = System.nanoTime();
    work.stop();

    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(4));
    assertThat(times).hasValue(0);
    assertThat(work.isStopping()).isTrue();
  }

  @Test
  void workThatIsUnderWayIsNotInterrupted() throws Exception {
    var begun = new CountDownLatch(1);
    var wasInterrupted = new AtomicBoolean();
    var stopping = new AtomicBoolean();
    var ended = new CountDownLatch(1);
    PeriodicWork[] work = new PeriodicWork[1];
    var isSet = new CountDownLatch(1);
    work[0] =
        PeriodicWork.after(
            "test",
            isSet::await,
            () -> {
              begun.countDown();
              while (!work[0].isStopping()) {
                Thread.onSpinWait();
              }
              stopping.set(true);
              wasInterrupted.set(Thread.currentThread().isInterrupted());
              ended.countDown();
            });
    isSet.countDown();
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();

    work[0].stop();

    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(stopping).isTrue();
    assertThat(wasInterrupted).isFalse();
  }

  @Test
  void batchesAreDoneUntilOneIsNotFull() {
    var left = new AtomicInteger(25);

    PeriodicWork.untilDone(
        null, 10, () -> Math.min(10, left.getAndUpdate(n -> Math.max(0, n - 10))));

    assertThat(left).hasValue(0);
  }
}
