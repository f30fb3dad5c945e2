package dev.threadmill.limits;

import dev.threadmill.models.Money;
import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Stream;

/**
 * The limits of one scope. Null is unlimited.
 *
 * @param requestsPerMinute requests that lead to model calls
 * @param tokensPerMinute of all model calls, prompts and answers
 * @param concurrentThreads runs that are executed at the same time
 * @param day from midnight to midnight UTC
 * @param month a calendar month in UTC
 * @param total since counting began
 * @param countUsage whether usage is counted without a budget or rate that needs it
 * @param alerts the shares of a budget, above 0 and up to 1, at which an event says so
 */
record Limits(
    Integer requestsPerMinute,
    Integer tokensPerMinute,
    Integer concurrentThreads,
    Budget day,
    Budget month,
    Budget total,
    boolean countUsage,
    List<BigDecimal> alerts) {
  Limits {
    alerts = List.copyOf(alerts);
  }

  /** No limits. */
  static final Limits NONE =
      new Limits(null, null, null, Budget.NONE, Budget.NONE, Budget.NONE, false, List.of());

  /**
   * What may be spent in a period.
   *
   * @param toolCalls of runs
   * @param seconds in which nodes execute runs
   */
  record Budget(Long tokens, Money cost, Long toolCalls, Long seconds) {
    static final Budget NONE = new Budget(null, null, null, null);

    /** A budget of model calls alone. */
    static Budget ofCalls(Long tokens, Money cost) {
      return new Budget(tokens, cost, null, null);
    }

    private boolean isNone() {
      return tokens == null && cost == null;
    }
  }

  boolean hasBudget() {
    return !day.isNone() || !month.isNone() || !total.isNone();
  }

  /** Whether a model call needs a known price. */
  boolean hasCostBudget() {
    return day.cost() != null || month.cost() != null || total.cost() != null;
  }

  /** Whether usage has to be reserved before a model call. */
  boolean limitsCalls() {
    return tokensPerMinute != null || hasBudget();
  }

  /** Whether the usage of model calls is counted. */
  boolean countsCalls() {
    return countUsage || limitsCalls();
  }

  /** Whether tool calls have to be counted before they are made. */
  boolean limitsToolCalls() {
    return Stream.of(day, month, total).anyMatch(budget -> budget.toolCalls() != null);
  }

  /** Whether time has to be reserved before a run is executed. */
  boolean limitsTime() {
    return Stream.of(day, month, total).anyMatch(budget -> budget.seconds() != null);
  }

  /** Whether requests have to be admitted. */
  boolean limitsRequests() {
    return requestsPerMinute != null || limitsCalls();
  }
}
