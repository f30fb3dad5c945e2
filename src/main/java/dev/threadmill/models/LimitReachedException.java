package dev.threadmill.models;

import java.time.Duration;
import java.util.Optional;

/** A call of a model was not made because of a limit of the caller. The message names it. */
public final class LimitReachedException extends ModelException {
  private final boolean quota;
  private final String budget;
  private final transient Duration retryAfter;

  private LimitReachedException(String message, boolean quota, String budget, Duration retryAfter) {
    super(Kind.RATE_LIMITED, message);
    this.quota = quota;
    this.budget = budget;
    this.retryAfter = retryAfter;
  }

  /**
   * A budget is used up.
   *
   * @param retryAfter until it is renewed; null if it never is
   */
  public static LimitReachedException quota(String message, Duration retryAfter) {
    return new LimitReachedException(message, true, null, retryAfter);
  }

  /**
   * A budget is used up, or too small for the call.
   *
   * @param budget whose budget, such as {@code project} or {@code run}
   * @param retryAfter until it is renewed; null if it never is
   */
  public static LimitReachedException ofBudget(String budget, String message, Duration retryAfter) {
    return new LimitReachedException(message, true, budget, retryAfter);
  }

  /** Whose budget does not cover the call; empty if it is another limit. */
  public Optional<String> budget() {
    return Optional.ofNullable(budget);
  }

  /** Too much at once. */
  public static LimitReachedException rate(String message, Duration retryAfter) {
    return new LimitReachedException(message, false, null, retryAfter);
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
