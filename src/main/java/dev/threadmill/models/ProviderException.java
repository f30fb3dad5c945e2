package dev.threadmill.models;

import java.time.Duration;
import java.util.Optional;

/** One call of a provider failed. Says whether another try may do better, and when. */
public final class ProviderException extends ModelException {
  private final boolean retryable;
  private final transient Duration retryAfter;

  private ProviderException(
      Kind kind, String message, boolean passing, Duration retryAfter, Throwable cause) {
    super(kind, message, cause);
    this.retryable = passing;
    this.retryAfter = retryAfter;
  }

  /** A fault that another try may not meet. */
  public static ProviderException retryable(Kind kind, String message, Throwable cause) {
    return new ProviderException(kind, message, true, null, cause);
  }

  /** As {@link #retryable(Kind, String, Throwable)}, with the wait that the provider asks for. */
  public static ProviderException retryable(Kind kind, String message, Optional<Duration> after) {
    return new ProviderException(kind, message, true, after.orElse(null), null);
  }

  /** A fault that each try would meet. */
  public static ProviderException permanent(Kind kind, String message, Throwable cause) {
    return new ProviderException(kind, message, false, null, cause);
  }

  /** As {@link #permanent(Kind, String, Throwable)}, without a cause. */
  public static ProviderException permanent(Kind kind, String message) {
    return permanent(kind, message, null);
  }

  public boolean isRetryable() {
    return retryable;
  }

  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
