package dev.threadmill.db.signals;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.eclipse.microprofile.reactive.messaging.Message;

/**
 * Passes on received messages while not too many of them are unacknowledged. Messages beyond are
 * dropped, and once all that wait have been handled a resync makes up for them.
 */
final class BoundedReceiver implements Consumer<String> {
  private final int maxWaiting;
  private final Consumer<Message<String>> next;
  private final Runnable resync;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicBoolean hasDropped = new AtomicBoolean();

  /**
   * @param next takes the messages and acknowledges each, on any thread
   * @param resync runs after messages were dropped
   */
  BoundedReceiver(int maxWaiting, Consumer<Message<String>> next, Runnable resync) {
    this.maxWaiting = maxWaiting;
    this.next = next;
    this.resync = resync;
  }

  @Override
  public void accept(String payload) {
    if (waiting.get() >= maxWaiting) {
      hasDropped.set(true);
      resyncIfHandled();
      return;
    }
    waiting.incrementAndGet();
    next.accept(Message.of(payload, this::handled, _ -> handled()));
  }

  private CompletionStage<Void> handled() {
    waiting.decrementAndGet();
    resyncIfHandled();
    return CompletableFuture.completedFuture(null);
  }

  /** Called after each change of what it looks at, so the last change is seen by one caller. */
  private void resyncIfHandled() {
    if (waiting.get() == 0 && hasDropped.compareAndSet(true, false)) {
      resync.run();
    }
  }
}
