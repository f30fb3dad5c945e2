package dev.threadmill.db.signals;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import org.eclipse.microprofile.reactive.messaging.Message;

/** Sends all messages that wait as notifications of one transaction. */
final class NotifySender implements Flow.Subscriber<Message<?>> {
  /** How many messages may wait. */
  private static final int MAX_QUEUED = 1_024;

  private final Jdbc jdbc;
  private final BlockingQueue<Message<?>> queue = new ArrayBlockingQueue<>(MAX_QUEUED);
  private final Thread writer;
  private volatile Flow.Subscription subscription;

  NotifySender(Jdbc jdbc) {
    this.jdbc = jdbc;
    this.writer = Thread.ofVirtual().name("notify").start(this::sendLoop);
  }

  @Override
  public void onSubscribe(Flow.Subscription upstream) {
    subscription = upstream;
    upstream.request(MAX_QUEUED);
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
      } finally {
        subscription.request(batch.size());
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
