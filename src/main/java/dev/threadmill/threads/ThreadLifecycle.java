package dev.threadmill.threads;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import java.time.Instant;
import java.util.List;

/**
 * What a feature that uses threads stores in tables of its own, and how that follows a thread that
 * is deleted or forked. Every CDI bean of this type is called, those with a higher {@code
 * jakarta.annotation.Priority} first, in the transaction that deletes or copies the thread itself:
 * if one of them throws, nothing is changed. Statements should be {@linkplain Tx#defer deferred},
 * so that all features together cost one round trip.
 */
public interface ThreadLifecycle {
  /**
   * Deletes what the feature stores for a thread. The row of the thread is locked and still there,
   * and so are its messages. Runs that are active are cancelled first, by the engine.
   */
  default void deleteThread(Tx tx, ThreadId thread) {}

  /**
   * Copies what the feature stores for a range of messages, which have been copied before in the
   * same transaction. A large thread is forked in several ranges, oldest first.
   */
  default void copyRange(Tx tx, ForkRange range) {}

  /**
   * A range of messages that were copied from one thread to another. Copies keep their time.
   *
   * @param messages ids in the source, oldest first
   * @param copies ids of the copies, in the same order
   * @param after the time where the range before this one ends, exclusive; the epoch for the first
   * @param until the time of the last message, inclusive
   */
  record ForkRange(
      ThreadId source,
      ThreadId copy,
      List<MessageId> messages,
      List<MessageId> copies,
      Instant after,
      Instant until) {}
}
