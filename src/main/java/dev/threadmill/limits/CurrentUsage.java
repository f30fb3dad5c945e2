package dev.threadmill.limits;

import dev.threadmill.models.Money;
import java.time.Instant;

/**
 * What was used within a scope.
 *
 * @param reserved set aside for model calls in progress
 * @param requestsLeft in the bucket of requests a minute; null without a limit
 * @param tokensLeft in the bucket of tokens a minute, negative after a call that used more than its
 *     estimate; null without a limit
 * @param at the time for which this holds
 */
record CurrentUsage(
    Amount day,
    Amount month,
    Amount total,
    Amount reserved,
    Double requestsLeft,
    Double tokensLeft,
    Instant at) {
  /** Tokens, and their cost as far as prices are known. */
  record Amount(long tokens, Money cost) {
    static final Amount NONE = new Amount(0, Money.NONE);
  }

  /** The usage of a scope that was never counted. */
  static CurrentUsage none(Instant at) {
    return new CurrentUsage(Amount.NONE, Amount.NONE, Amount.NONE, Amount.NONE, null, null, at);
  }

  CurrentUsage withRequestsLeft(Double left) {
    return new CurrentUsage(day, month, total, reserved, left, tokensLeft, at);
  }
}
