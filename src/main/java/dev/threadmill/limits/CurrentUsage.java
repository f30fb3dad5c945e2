package dev.threadmill.limits;

import dev.threadmill.models.Money;
import java.time.Instant;
import java.util.List;

/**
 * What was used within a scope.
 *
 * @param reserved set aside for model calls in progress
 * @param requestsLeft in the bucket of requests a minute; null without a limit
 * @param tokensLeft in the bucket of tokens a minute, negative after a call that used more than its
 *     estimate; null without a limit
 * @param bursts what was paid for in advance, also what is used up or has ended
 * @param at the time for which this holds
 */
record CurrentUsage(
    Amount day,
    Amount month,
    Amount total,
    Amount reserved,
    Double requestsLeft,
    Double tokensLeft,
    List<Burst> bursts,
    Instant at) {
  CurrentUsage {
    bursts = List.copyOf(bursts);
  }

  /**
   * Tokens, their cost as far as prices are known, and the work of runs.
   *
   * @param millis in which nodes executed runs
   */
  record Amount(long tokens, Money cost, long toolCalls, long millis) {
    static final Amount NONE = new Amount(0, Money.NONE, 0, 0);
  }

  /** The usage of a scope that was never counted. */
  static CurrentUsage none(Instant at) {
    return new CurrentUsage(
        Amount.NONE, Amount.NONE, Amount.NONE, Amount.NONE, null, null, List.of(), at);
  }

  CurrentUsage withRequestsLeft(Double left) {
    return new CurrentUsage(day, month, total, reserved, left, tokensLeft, bursts, at);
  }
}
