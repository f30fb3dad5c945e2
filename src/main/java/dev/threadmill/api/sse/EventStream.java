package dev.threadmill.api.sse;

import io.vertx.core.buffer.Buffer;

/**
 * What a resource returns to answer with a stream of server-sent events. The stream is pulled: the
 * connection asks for more when it can write, so no events are buffered for a slow reader. All
 * methods but {@link #close} are called on the connection's event loop and must not block.
 */
public interface EventStream {
  /** There is nothing at the moment; {@code wake} will be called. */
  Chunk NOTHING_YET = new Chunk(null, false);

  /**
   * The next part of the stream.
   *
   * @param frames whole frames; null for none
   * @param last whether the stream ends behind them
   */
  record Chunk(Buffer frames, boolean last) {}

  /**
   * Starts the stream.
   *
   * @param wake called when {@link #next} may have something, from any thread and any number of
   *     times
   */
  void open(Runnable wake);

  /**
   * The frames that are due, in one buffer.
   *
   * @param maxBytes about how many bytes at most
   */
  Chunk next(int maxBytes);

  /** Where {@link StreamLookup} opens the same stream again; null if it cannot be opened again. */
  default String replayAddress() {
    return null;
  }

  /** The reader has disconnected, or the stream has ended. Called once, from any thread. */
  void close();
}
