package dev.threadmill.models;

import java.time.Duration;
import java.util.Optional;

/** A call of a model was not made because of a limit of the caller. The message names it. */
public final class LimitReachedException extends ModelException {
  private final boolean quota;
  private final transient Duration retryAfter;

  private LimitReachedException(String message, boolean quota, Duration retryAfter) {
    super(Kind.RATE_LIMITED, message);
    this.quota = quota;
    this.retryAfter = retryAfter;
  }

  /**
   * A budget is used up.
   *
   * @param retryAfter until it is renewed; null if it never is
   */
  public static LimitReachedException quota(String message, Duration retryAfter) {
    return new LimitReachedException(message, true, retryAfter);
  }

  /** Too much at once. */
  public static LimitReachedException rate(String message, Duration retryAfter) {
    return new LimitReachedException(message, false, retryAfter);
  }

  /** Whether it is a budget, which an early retry will not find renewed. */
  public boolean isQuota() {
    return quota;
  }

  /** After which another try may succeed, if that is known. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
