package dev.threadmill.db.signals;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.junit.jupiter.api.Test;

class BoundedReceiverTest {
  private final List<Message<String>> passed = new ArrayList<>();
  private final AtomicInteger resyncs = new AtomicInteger();
  private final BoundedReceiver receiver =
      new BoundedReceiver(3, passed::add, resyncs::incrementAndGet);

  private void receive(int messages) {
    IntStream.range(0, messages).forEach(i -> receiver.accept("m" + i));
  }

  @Test
  void messagesThatAreHandledInTimeAreAllPassedOn() {
    for (int i = 0; i < 100; i++) {
      receive(3);
      passed.forEach(Message::ack);
      assertThat(passed).hasSize(3);
      passed.clear();
    }

    assertThat(resyncs).hasValue(0);
  }

  @Test
  void whatComesWhileTooManyWaitIsDroppedAndOneResyncFollowsOnceTheyAreHandled() {
    receive(1_000);
    assertThat(passed).extracting(Message::getPayload).containsExactly("m0", "m1", "m2");

    passed.get(0).ack();
    passed.get(1).nack(new IllegalStateException());
    assertThat(resyncs).hasValue(0);
    passed.get(2).ack();
    assertThat(resyncs).hasValue(1);

    passed.clear();
    receive(1);
    passed.getFirst().ack();
    assertThat(resyncs).hasValue(1);
  }
}
