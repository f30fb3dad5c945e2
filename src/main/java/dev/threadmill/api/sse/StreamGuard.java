package dev.threadmill.api.sse;

import dev.threadmill.api.ApiError;
import java.util.function.Consumer;

/** Ends streams of events whose readers lose the right to read them. */
public interface StreamGuard {
  /**
   * Watches the stream that answers the current request. Called on the thread of the request.
   *
   * @param end ends the stream with this error, from any thread; to be called at most once
   * @return ends the watch, when the stream is closed
   */
  Runnable watch(Consumer<ApiError> end);
}
