package dev.threadmill.models;

import java.time.Duration;
import java.util.Optional;

/** One call of a provider failed. Says whether another try may do better, and when. */
public final class ProviderException extends ModelException {
  private final boolean passing;
  private final transient Duration retryAfter;

  private ProviderException(
      Kind kind, String message, boolean passing, Duration retryAfter, Throwable cause) {
    super(kind, message, cause);
    this.passing = passing;
    this.retryAfter = retryAfter;
  }

  /** A fault that another try may not meet. */
  public static ProviderException passing(Kind kind, String message, Throwable cause) {
    return new ProviderException(kind, message, true, null, cause);
  }

  /** As {@link #passing(Kind, String, Throwable)}, with the wait that the provider asks for. */
  public static ProviderException passing(Kind kind, String message, Optional<Duration> after) {
    return new ProviderException(kind, message, true, after.orElse(null), null);
  }

  /** A fault that each try would meet. */
  public static ProviderException lasting(Kind kind, String message, Throwable cause) {
    return new ProviderException(kind, message, false, null, cause);
  }

  /** As {@link #lasting(Kind, String, Throwable)}, without a cause. */
  public static ProviderException lasting(Kind kind, String message) {
    return lasting(kind, message, null);
  }

  public boolean isPassing() {
    return passing;
  }

  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
