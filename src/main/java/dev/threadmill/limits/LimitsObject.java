package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.Money;

/**
 * What a project may use, and what it has used, on the wire. Null is unlimited.
 *
 * @param estimatedCost what this month's model calls have cost, as far as prices are known
 * @param currency of all costs
 */
record LimitsObject(
    String object,
    ProjectId projectId,
    Integer requestsPerMinute,
    Integer tokensPerMinute,
    Integer concurrentThreads,
    Budgets budgets,
    boolean countUsage,
    Money estimatedCost,
    String currency,
    Used used) {

  record Budgets(Amount day, Amount month, Amount total) {}

  /** Tokens and US dollars; in a budget null is unlimited. */
  record Amount(Long tokens, Money cost) {
    private static Amount of(Limits.Budget budget) {
      return new Amount(budget.tokens(), budget.cost());
    }

    private static Amount of(CurrentUsage.Amount spent) {
      return new Amount(spent.tokens(), spent.cost());
    }
  }

  /**
   * What is used at the moment.
   *
   * @param requests of those that a minute allows; null without a limit
   * @param tokens of those that a minute allows; null without a limit
   * @param concurrentThreads runs that are being executed
   * @param reserved set aside for model calls that are under way
   */
  record Used(
      Long requests,
      Long tokens,
      int concurrentThreads,
      Amount day,
      Amount month,
      Amount total,
      Amount reserved) {}

  static LimitsObject of(ProjectId project, Limits limits, CurrentUsage used, int runs) {
    return new LimitsObject(
        "project.limits",
        project,
        limits.requestsPerMinute(),
        limits.tokensPerMinute(),
        limits.concurrentThreads(),
        new Budgets(Amount.of(limits.day()), Amount.of(limits.month()), Amount.of(limits.total())),
        limits.countUsage(),
        used.month().cost(),
        "usd",
        new Used(
            taken(limits.requestsPerMinute(), used.requestsLeft()),
            taken(limits.tokensPerMinute(), used.tokensLeft()),
            runs,
            Amount.of(used.day()),
            Amount.of(used.month()),
            Amount.of(used.total()),
            Amount.of(used.reserved())));
  }

  private static Long taken(Integer perMinute, Double left) {
    return perMinute == null || left == null ? null : (long) Math.ceil(perMinute - left);
  }
}
