package dev.threadmill.limits;

import dev.threadmill.models.Money;
import java.time.Instant;

/**
 * What a project has used by now.
 *
 * @param reserved by calls of models that are under way
 * @param requestsLeft in the bucket of requests a minute; null without a limit
 * @param tokensLeft in the bucket of tokens a minute, below 0 after a call that took more than
 *     there was; null without a limit
 * @param at the moment for which this holds
 */
record CurrentUsage(
    Amount day,
    Amount month,
    Amount total,
    Amount reserved,
    Double requestsLeft,
    Double tokensLeft,
    Instant at) {
  /** Tokens, and what they cost as far as prices are known. */
  record Amount(long tokens, Money cost) {
    static final Amount NONE = new Amount(0, Money.NONE);
  }

  /** Nothing is counted. */
  static CurrentUsage none(Instant at) {
    return new CurrentUsage(Amount.NONE, Amount.NONE, Amount.NONE, Amount.NONE, null, null, at);
  }
}
