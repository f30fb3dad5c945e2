package dev.threadmill.limits;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.Money;

/**
 * The limits of a project or an API key and their usage, on the wire. Null is unlimited.
 *
 * @param apiKeyId left out for a project
 * @param concurrentThreads always null for an API key
 * @param fileBytes what the files of a project may add up to; null for an API key
 * @param estimatedCost the cost of this month's model calls, as far as prices are known
 * @param currency of all costs
 */
record LimitsObject(
    String object,
    ProjectId projectId,
    @JsonInclude(JsonInclude.Include.NON_NULL) ApiKeyId apiKeyId,
    Integer requestsPerMinute,
    Integer tokensPerMinute,
    Integer concurrentThreads,
    Budgets budgets,
    boolean countUsage,
    Long fileBytes,
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
   * @param concurrentThreads runs that are being executed; null for an API key
   * @param reserved for model calls in progress
   * @param fileBytes of files and uploads; null for an API key
   */
  record Used(
      Long requests,
      Long tokens,
      Integer concurrentThreads,
      Amount day,
      Amount month,
      Amount total,
      Amount reserved,
      Long fileBytes) {}

  static LimitsObject of(
      ProjectId project, ScopeState state, int activeRuns, FileQuota.State files) {
    return of("project.limits", project, null, state, activeRuns, files);
  }

  static LimitsObject of(ProjectId project, ApiKeyId key, ScopeState state) {
    return of("project.api_key.limits", project, key, state, null, null);
  }

  private static LimitsObject of(
      String object,
      ProjectId project,
      ApiKeyId key,
      ScopeState state,
      Integer activeRuns,
      FileQuota.State files) {
    var limits = state.limits();
    var usage = state.usage();
    return new LimitsObject(
        object,
        project,
        key,
        limits.requestsPerMinute(),
        limits.tokensPerMinute(),
        limits.concurrentThreads(),
        new Budgets(Amount.of(limits.day()), Amount.of(limits.month()), Amount.of(limits.total())),
        limits.countUsage(),
        files == null ? null : files.maxBytes(),
        usage.month().cost(),
        "usd",
        new Used(
            used(limits.requestsPerMinute(), usage.requestsLeft()),
            used(limits.tokensPerMinute(), usage.tokensLeft()),
            activeRuns,
            Amount.of(usage.day()),
            Amount.of(usage.month()),
            Amount.of(usage.total()),
            Amount.of(usage.reserved()),
            files == null ? null : files.usedBytes()));
  }

  private static Long used(Integer perMinute, Double left) {
    return perMinute == null || left == null ? null : (long) Math.ceil(perMinute - left);
  }
}
