package dev.threadmill.api;

import io.vertx.core.buffer.Buffer;

/**
 * What a resource returns to answer with a stream of events. It is pulled: the connection asks for
 * more when it can write, so a slow reader never makes anything pile up. All methods but {@link
 * #close} are called on the connection's event loop and must not block.
 */
public interface EventStream {
  /** Nothing at the moment: {@code wake} will be called. */
  Chunk NOTHING_YET = new Chunk(null, false);

  /**
   * What comes next.
   *
   * @param frames whole frames, or null for none
   * @param last whether the stream ends after them
   */
  record Chunk(Buffer frames, boolean last) {}

  /**
   * The connection is ready.
   *
   * @param wake to be called, from any thread and as often as one likes, when {@link #next} may
   *     have something
   */
  void open(Runnable wake);

  /**
   * The frames that are due, coalesced.
   *
   * @param maxBytes about how many bytes at the most
   */
  Chunk next(int maxBytes);

  /**
   * By what {@link StreamLookup} opens this stream again from where it began; null if it cannot be.
   */
  default String replayAddress() {
    return null;
  }

  /** The reader has gone, or the stream is over. Called once, from any thread. */
  void close();
}
