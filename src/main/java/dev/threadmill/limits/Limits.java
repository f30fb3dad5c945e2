package dev.threadmill.limits;

import dev.threadmill.models.Money;

/**
 * What a project may use. Null is unlimited.
 *
 * @param requestsPerMinute requests that have a model work
 * @param tokensPerMinute of all its model calls, prompts and answers
 * @param concurrentThreads runs that are executed at the same time
 * @param day from midnight to midnight UTC
 * @param month a calendar month in UTC
 * @param total of all time since it is counted
 * @param countUsage count what is used although no budget asks for it
 */
record Limits(
    Integer requestsPerMinute,
    Integer tokensPerMinute,
    Integer concurrentThreads,
    Budget day,
    Budget month,
    Budget total,
    boolean countUsage) {
  /** No limits. */
  static final Limits NONE =
      new Limits(null, null, null, Budget.NONE, Budget.NONE, Budget.NONE, false);

  /** What may be spent in a period. */
  record Budget(Long tokens, Money cost) {
    static final Budget NONE = new Budget(null, null);

    private boolean isNone() {
      return tokens == null && cost == null;
    }
  }

  boolean hasBudget() {
    return !day.isNone() || !month.isNone() || !total.isNone();
  }

  /** Whether model calls can only be made whose price is known. */
  boolean hasCostBudget() {
    return day.cost() != null || month.cost() != null || total.cost() != null;
  }

  /** Whether something has to be taken before a model is called. */
  boolean limitsCalls() {
    return tokensPerMinute != null || hasBudget();
  }

  /** Whether what model calls have used is counted. */
  boolean countsCalls() {
    return countUsage || limitsCalls();
  }

  /** Whether requests have to be let in. */
  boolean limitsRequests() {
    return requestsPerMinute != null || limitsCalls();
  }
}
