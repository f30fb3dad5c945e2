package dev.threadmill.limits;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.Money;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * The limits of a project or an API key and their usage, on the wire. Null is unlimited.
 *
 * @param apiKeyId of the limits of an API key; else left out, like the three that follow
 * @param concurrentThreads always null for an API key
 * @param fileBytes what the files of a project may add up to; null for an API key
 * @param bursts what was paid for in advance; left out but for a project
 * @param adaptiveConcurrency how many concurrent calls the project may make on this node of models
 *     whose providers limit their rate at the moment, by provider and model; left out but for a
 *     project
 * @param estimatedCost the cost of this month's model calls, as far as prices are known
 * @param currency of all costs
 */
public record LimitsObject(
    String object,
    ProjectId projectId,
    @JsonInclude(JsonInclude.Include.NON_NULL) ApiKeyId apiKeyId,
    @JsonInclude(JsonInclude.Include.NON_NULL) String userId,
    @JsonInclude(JsonInclude.Include.NON_NULL) AssistantId assistantId,
    @JsonInclude(JsonInclude.Include.NON_NULL) ThreadId threadId,
    Integer requestsPerMinute,
    Integer tokensPerMinute,
    Integer concurrentThreads,
    Budgets budgets,
    boolean countUsage,
    List<BigDecimal> alerts,
    Long fileBytes,
    @JsonInclude(JsonInclude.Include.NON_NULL) List<BurstObject> bursts,
    @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Integer> adaptiveConcurrency,
    Money estimatedCost,
    String currency,
    Used used) {

  private static final double MILLIS_A_SECOND = 1_000;

  public record Budgets(Amount day, Amount month, Amount total) {}

  /**
   * Tokens, US dollars, tool calls and seconds of runs; in a budget null is unlimited.
   *
   * @param seconds in which nodes execute runs
   */
  public record Amount(Long tokens, Money cost, Long toolCalls, Double seconds) {
    private static Amount of(Limits.Budget budget) {
      return new Amount(
          budget.tokens(),
          budget.cost(),
          budget.toolCalls(),
          budget.seconds() == null ? null : budget.seconds().doubleValue());
    }

    private static Amount of(CurrentUsage.Amount spent) {
      return new Amount(
          spent.tokens(), spent.cost(), spent.toolCalls(), spent.millis() / MILLIS_A_SECOND);
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

  static LimitsObject of(
      ScopeState state, int activeRuns, FileQuota.State files, Map<String, Integer> modelShares) {
    return of("project.limits", state, activeRuns, files, modelShares);
  }

  static LimitsObject of(ScopeState state) {
    return switch (state.scope().kind()) {
      case KEY -> of("project.api_key.limits", state, null, null, null);
      case USER -> of("user.limits", state, null, null, null);
      case ASSISTANT -> of("assistant.limits", state, null, null, null);
      case THREAD -> of("thread.limits", state, null, null, null);
      case RUN -> of("thread.run.limits", state, null, null, null);
      case PROJECT -> throw new IllegalStateException("a project has files and active runs");
    };
  }

  private static LimitsObject of(
      String object,
      ScopeState state,
      Integer activeRuns,
      FileQuota.State files,
      Map<String, Integer> modelShares) {
    var id = state.scope().id();
    var limits = state.limits();
    var usage = state.usage();
    return new LimitsObject(
        object,
        state.scope().project(),
        state.scope().kind() == LimitScope.Kind.KEY ? new ApiKeyId(id) : null,
        state.scope().kind() == LimitScope.Kind.USER ? id : null,
        state.scope().kind() == LimitScope.Kind.ASSISTANT ? new AssistantId(id) : null,
        state.scope().kind() == LimitScope.Kind.THREAD ? new ThreadId(id) : null,
        limits.requestsPerMinute(),
        limits.tokensPerMinute(),
        limits.concurrentThreads(),
        new Budgets(Amount.of(limits.day()), Amount.of(limits.month()), Amount.of(limits.total())),
        limits.countUsage(),
        limits.alerts(),
        files == null ? null : files.maxBytes(),
        state.scope().kind() == LimitScope.Kind.PROJECT
            ? usage.bursts().stream().map(burst -> BurstObject.of(burst, usage.at())).toList()
            : null,
        modelShares,
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
