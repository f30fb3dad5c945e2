package dev.threadmill.api.http;

import dev.threadmill.api.ApiException;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Bounds what large answers take in temporary files, together and for each project. */
@ApplicationScoped
class AnswerSpace {
  private static final long MAX_BYTES = 2L << 30;
  private static final long MAX_BYTES_OF_OWNER = MAX_BYTES / 2;
  private static final int RETRY_SECONDS = 5;

  private final Map<String, Long> byOwner = new HashMap<>();
  private long all;

  /** There is no space. */
  static final class ExceededException extends IOException {
    /** As the client is told. */
    ApiException asApiException() {
      return ApiException.unavailable(
          "Too many large answers wait for clients that do not read them. Please try again.",
          RETRY_SECONDS);
    }
  }

  /** Takes so many bytes for an answer to a request of this owner. */
  synchronized void take(String owner, long bytes) throws ExceededException {
    long ofOwner = byOwner.getOrDefault(owner, 0L) + bytes;
    if (ofOwner > MAX_BYTES_OF_OWNER || all + bytes > MAX_BYTES) {
      throw new ExceededException();
    }
    byOwner.put(owner, ofOwner);
    all += bytes;
  }

  /** The answer is sent, or its client is gone. */
  synchronized void giveBack(String owner, long bytes) {
    all -= bytes;
    byOwner.computeIfPresent(owner, (_, taken) -> taken <= bytes ? null : taken - bytes);
  }
}
