package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class FairExecutorTest {
  @Test
  void ownersTakeTurnsHoweverManyTasksOneHas() throws InterruptedException {
    var executor = new FairExecutor(Executors.newSingleThreadExecutor());
    var hasBegun = new CountDownLatch(1);
    var mayEnd = new CountDownLatch(1);
    var all = new CountDownLatch(7);
    var order = Collections.synchronizedList(new ArrayList<String>());
    executor
        .of("many")
        .execute(
            () -> {
              hasBegun.countDown();
              await(mayEnd);
            });
    hasBegun.await();
    for (int i = 1; i <= 4; i++) {
      var name = "many " + i;
      executor.of("many").execute(() -> record(order, name, all));
    }
    executor.of("few").execute(() -> record(order, "few 1", all));
    executor.of("few").execute(() -> record(order, "few 2", all));
    executor.of("one").execute(() -> record(order, "one 1", all));
    mayEnd.countDown();
    all.await();
    executor.close();

    assertThat(order)
        .containsExactly("many 1", "few 1", "one 1", "many 2", "few 2", "many 3", "many 4");
  }

  @Test
  void anOwnerRunsNoMoreTasksAtATimeThanItMay() throws InterruptedException {
    var executor = new FairExecutor(Executors.newFixedThreadPool(2), 1);
    var mayEnd = new CountDownLatch(1);
    var all = new CountDownLatch(4);
    var order = Collections.synchronizedList(new ArrayList<String>());
    executor.of("many").execute(() -> await(mayEnd));
    for (int i = 1; i <= 3; i++) {
      var name = "many " + i;
      executor.of("many").execute(() -> record(order, name, all));
    }
    var hasRun = new CountDownLatch(1);
    executor.of("few").execute(() -> record(order, "few", hasRun));
    hasRun.await();

    assertThat(order).containsExactly("few");
    assertThat(executor.waiting("many")).isEqualTo(3);
    mayEnd.countDown();
    all.countDown();
    all.await();
    assertThat(executor.close()).isEmpty();
    assertThat(order).containsExactly("few", "many 1", "many 2", "many 3");
  }

  @Test
  void aClosedExecutorReturnsWhatHasNotStartedAndRejectsTheRest() throws InterruptedException {
    var executor = new FairExecutor(Executors.newSingleThreadExecutor());
    var hasBegun = new CountDownLatch(1);
    executor
        .of("one")
        .execute(
            () -> {
              hasBegun.countDown();
              await(new CountDownLatch(1));
            });
    hasBegun.await();
    Runnable task = () -> {};
    executor.of("one").execute(task);

    assertThat(executor.close()).containsExactly(task);
    assertThatThrownBy(() -> executor.of("one").execute(task))
        .isInstanceOf(RejectedExecutionException.class);
    assertThat(executor.waiting("one")).isZero();
  }

  private static void record(List<String> order, String name, CountDownLatch all) {
    order.add(name);
    all.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
