package dev.threadmill.db.signals;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.microprofile.reactive.messaging.Message;

/** Notifies of all messages that have piled up in one transaction of their own. */
final class NotifySender implements Flow.Subscriber<Message<?>> {
  private final Jdbc jdbc;
  private final LinkedBlockingQueue<Message<?>> queue = new LinkedBlockingQueue<>();
  private final Thread writer;

  NotifySender(Jdbc jdbc) {
    this.jdbc = jdbc;
    this.writer = Thread.ofVirtual().name("notify").start(this::sendLoop);
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(Message<?> message) {
    queue.add(message);
  }

  @Override
  public void onError(Throwable failure) {
    close();
  }

  @Override
  public void onComplete() {
    close();
  }

  void close() {
    writer.interrupt();
  }

  private void sendLoop() {
    var batch = new ArrayList<Message<?>>();
    while (true) {
      try {
        batch.clear();
        batch.add(queue.take());
      } catch (InterruptedException e) {
        return;
      }
      queue.drainTo(batch);
      try {
        send(batch);
        batch.forEach(Message::ack);
      } catch (DatabaseException e) {
        batch.forEach(message -> message.nack(e));
      }
    }
  }

  private void send(List<Message<?>> batch) {
    jdbc.list(
        "SELECT count(pg_notify(?, message)) AS sent FROM unnest(?) AS message",
        row -> row.bigint("sent"),
        NotifyConnector.CHANNEL,
        batch.stream().map(Message::getPayload).toList());
  }
}
