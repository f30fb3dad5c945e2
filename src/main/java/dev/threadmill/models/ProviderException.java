package dev.threadmill.models;

import java.time.Duration;
import java.util.Optional;

/** A failed call of a provider, and whether and when a retry may succeed. */
public final class ProviderException extends ModelException {
  private final boolean retryable;
  private final boolean loading;
  private final transient Duration retryAfter;
  private final transient ProviderError error;

  private ProviderException(
      Kind kind,
      String message,
      boolean retryable,
      boolean loading,
      Duration retryAfter,
      Throwable cause,
      ProviderError error) {
    super(kind, message, cause);
    this.retryable = retryable;
    this.loading = loading;
    this.retryAfter = retryAfter;
    this.error = error;
  }

  private ProviderException(
      Kind kind, String message, boolean retryable, Duration retryAfter, Throwable cause) {
    this(kind, message, retryable, false, retryAfter, cause, null);
  }

  /** A failure that a retry may not meet. */
  public static ProviderException retryable(Kind kind, String message, Throwable cause) {
    return new ProviderException(kind, message, true, null, cause);
  }

  /** As {@link #retryable(Kind, String, Throwable)}, with the wait that the provider asks for. */
  public static ProviderException retryable(Kind kind, String message, Optional<Duration> after) {
    return new ProviderException(kind, message, true, after.orElse(null), null);
  }

  /** The provider is still loading the model. */
  public static ProviderException loading(String message) {
    return new ProviderException(Kind.PROVIDER_FAILED, message, true, true, null, null, null);
  }

  /** A failure that each retry would meet. */
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

  /** Whether it passes once the model is loaded, which may take minutes. */
  public boolean isLoading() {
    return loading;
  }

  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** The same failure with the error as the provider returned it. */
  public ProviderException with(ProviderError returned) {
    return new ProviderException(
        kind(), getMessage(), retryable, loading, retryAfter, getCause(), returned);
  }

  /** The error as the provider returned it; empty if it returned none. */
  public Optional<ProviderError> error() {
    return Optional.ofNullable(error);
  }
}
