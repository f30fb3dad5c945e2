package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
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
