package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HeavyWorkTest {
  private final CountDownLatch mayEnd = new CountDownLatch(1);

  @AfterEach
  void endAll() {
    mayEnd.countDown();
  }

  @Test
  void anOwnerIsServedWhileAnotherHasMoreWorkThanThereAreThreads() {
    occupy("many");

    var thread =
        WorkOwner.call(
            "few", () -> HeavyWork.run(Duration.ofMinutes(1), () -> Thread.currentThread()));

    assertThat(thread).isNotSameAs(Thread.currentThread());
  }

  @Test
  void aThreadWhoseTurnDoesNotComeDoesTheWorkItself() {
    occupy("busy");

    var thread =
        WorkOwner.call(
            "busy", () -> HeavyWork.run(Duration.ofMillis(20), () -> Thread.currentThread()));

    assertThat(thread).isSameAs(Thread.currentThread());
  }

  @Test
  void anInterruptedThreadDoesTheWorkItselfAndStaysInterrupted() {
    occupy("interrupted");
    Thread.currentThread().interrupt();

    var thread =
        WorkOwner.call(
            "interrupted",
            () -> HeavyWork.run(Duration.ofMinutes(1), () -> Thread.currentThread()));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(thread).isSameAs(Thread.currentThread());
  }

  @Test
  void theFailureOfTheWorkIsThrownAsItIs() {
    var failure = new IllegalStateException("no");

    assertThatThrownBy(
            () ->
                HeavyWork.run(
                    Duration.ofMinutes(1),
                    () -> {
                      throw failure;
                    }))
        .isSameAs(failure);
  }

  private void occupy(String owner) {
    for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
      HeavyWork.executor(owner)
          .execute(
              () -> {
                try {
                  mayEnd.await();
                } catch (InterruptedException _) {
                  Thread.currentThread().interrupt();
                }
              });
    }
  }
}
