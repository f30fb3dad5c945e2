package dev.threadmill.limits;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.Money;
import java.math.BigDecimal;
import java.util.List;

/**
 * The limits of a project or an API key and their usage, on the wire. Null is unlimited.
 *
 * @param apiKeyId of the limits of an API key; else left out, like the two that follow
 * @param concurrentThreads always null for an API key
 * @param fileBytes what the files of a project may add up to; null for an API key
 * @param estimatedCost the cost of this month's model calls, as far as prices are known
 * @param currency of all costs
 */
public record LimitsObject(
    String object,
    ProjectId projectId,
    @JsonInclude(JsonInclude.Include.NON_NULL) ApiKeyId apiKeyId,
    @JsonInclude(JsonInclude.Include.NON_NULL) AssistantId assistantId,
    @JsonInclude(JsonInclude.Include.NON_NULL) ThreadId threadId,
    Integer requestsPerMinute,
    Integer tokensPerMinute,
    Integer concurrentThreads,
    Budgets budgets,
    boolean countUsage,
    List<BigDecimal> alerts,
    Long fileBytes,
    Money estimatedCost,
    String currency,
    Used used) {

  public record Budgets(Amount day, Amount month, Amount total) {}

  /** Tokens and US dollars; in a budget null is unlimited. */
  public record Amount(Long tokens, Money cost) {
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
  public record Used(
      Long requests,
      Long tokens,
      Integer concurrentThreads,
      Amount day,
      Amount month,
      Amount total,
      Amount reserved,
      Long fileBytes) {}

  static LimitsObject of(ScopeState state, int activeRuns, FileQuota.State files) {
    return of("project.limits", state, activeRuns, files);
  }

  static LimitsObject of(ScopeState state) {
    return switch (state.scope().kind()) {
      case KEY -> of("project.api_key.limits", state, null, null);
      case ASSISTANT -> of("assistant.limits", state, null, null);
      case THREAD -> of("thread.limits", state, null, null);
      case RUN -> of("thread.run.limits", state, null, null);
      case PROJECT -> throw new IllegalStateException("a project has files and active runs");
    };
  }

  private static LimitsObject of(
      String object, ScopeState state, Integer activeRuns, FileQuota.State files) {
    var id = state.scope().id();
    var limits = state.limits();
    var usage = state.usage();
    return new LimitsObject(
        object,
        state.scope().project(),
        state.scope().kind() == LimitScope.Kind.KEY ? new ApiKeyId(id) : null,
        state.scope().kind() == LimitScope.Kind.ASSISTANT ? new AssistantId(id) : null,
        state.scope().kind() == LimitScope.Kind.THREAD ? new ThreadId(id) : null,
        limits.requestsPerMinute(),
        limits.tokensPerMinute(),
        limits.concurrentThreads(),
        new Budgets(Amount.of(limits.day()), Amount.of(limits.month()), Amount.of(limits.total())),
        limits.countUsage(),
        limits.alerts(),
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
