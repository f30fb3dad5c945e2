package dev.threadmill.usage;

import dev.threadmill.models.Money;
import java.time.Instant;
import java.util.Map;

/**
 * The usage of one bucket of time and one group.
 *
 * @param at the beginning of the bucket
 * @param group the values of the dimensions that results are told apart by; null for none
 * @param calls model calls
 * @param cost of the calls whose price is known
 * @param unpricedCalls calls that used tokens whose price is not known
 * @param lostTokens reserved for calls of nodes that have died, and counted as used by budgets
 */
record UsageRow(
    Instant at,
    Map<Dimension, String> group,
    long calls,
    long inputTokens,
    long cachedTokens,
    long outputTokens,
    long reasoningTokens,
    Money cost,
    long unpricedCalls,
    long lostTokens,
    Money lostCost) {
  /** The cost of all calls; null if it is not known of one of them. */
  Money wholeCost() {
    return unpricedCalls > 0 ? null : cost;
  }
}
