package dev.threadmill.runs.store;

import dev.threadmill.assistants.MemoryOptions;
import dev.threadmill.assistants.SafetyOptions;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.guard.SafetyPolicy;
import dev.threadmill.guard.StrictSafety;
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import java.util.List;

/**
 * The settings that a run executes with: those of its assistant, overridden by those of the request
 * that created it. They never change after the run is created.
 *
 * @param instructions empty if there are none
 * @param safety null if the run has none
 * @param memory null if the run has none
 * @param exactReplay whether the event log keeps every delta as it was published, so that each
 *     replay has the same events as the live stream
 * @param opening what the run does before its first model call
 */
public record RunSettings(
    String model,
    String instructions,
    List<ToolSpec> tools,
    ToolUse toolUse,
    Sampling sampling,
    TokenLimits tokenLimits,
    TruncationStrategy truncationStrategy,
    ResponseFormat responseFormat,
    SafetyOptions safety,
    MemoryOptions memory,
    TurnOptions turns,
    boolean exactReplay,
    RunOpening opening) {
  public RunSettings {
    tools = List.copyOf(tools);
  }

  /**
   * How the model may call tools.
   *
   * @param parallel whether one answer may contain several calls
   */
  public record ToolUse(ToolChoice choice, boolean parallel) {}

  /**
   * How the model generates text.
   *
   * @param reasoningEffort null for the model's default
   */
  public record Sampling(Double temperature, Double topP, String reasoningEffort) {}

  /**
   * How many tokens all model calls of the run may use together.
   *
   * @param maxPromptTokens null for no limit
   * @param maxCompletionTokens null for no limit
   */
  public record TokenLimits(Integer maxPromptTokens, Integer maxCompletionTokens) {}

  /** These settings with other token limits. */
  public RunSettings withTokenLimits(TokenLimits limits) {
    return new RunSettings(
        model,
        instructions,
        tools,
        toolUse,
        sampling,
        limits,
        truncationStrategy,
        responseFormat,
        safety,
        memory,
        turns,
        exactReplay,
        opening);
  }

  /** These settings with another budget; null for none. */
  public RunSettings withBudget(RunBudget budget) {
    return new RunSettings(
        model,
        instructions,
        tools,
        toolUse,
        sampling,
        tokenLimits,
        truncationStrategy,
        responseFormat,
        safety,
        memory,
        turns.with(budget),
        exactReplay,
        opening);
  }

  /** Whether the run may route messages to other assistants. */
  public boolean canRoute() {
    return tools.stream().anyMatch(ToolSpec.AgentRouting.class::isInstance);
  }

  /** The type of a call of the function with this name, as it is stored. */
  public String callType(String function) {
    var own = RunOpening.typeOf(function);
    if (own != null) {
      return own.word();
    }
    return tools.stream()
        .map(tool -> tool.callType(function))
        .filter(type -> !type.equals(ToolSpec.FUNCTION_CALL))
        .findFirst()
        .orElse(ToolSpec.FUNCTION_CALL);
  }

  /** Whether strict safety applies. */
  public boolean isStrict() {
    return safety != null && Boolean.TRUE.equals(safety.strict());
  }

  /**
   * The rules of strict safety; null if it does not apply.
   *
   * @param withheld is called when a part of a text was withheld
   */
  public SafetyPolicy safetyPolicy(Runnable withheld) {
    if (!isStrict()) {
      return null;
    }
    var hosts = safety.allowedDomains() == null ? List.<String>of() : safety.allowedDomains();
    return new SafetyPolicy(new AllowedDomains(hosts), withheld);
  }

  /** The instructions as the model reads them. */
  public String sentInstructions() {
    if (!isStrict()) {
      return instructions;
    }
    return instructions.isBlank()
        ? StrictSafety.NOTICE
        : instructions + "\n\n" + StrictSafety.NOTICE;
  }

  /** The hosts that the run's tools may connect to. */
  public AllowedDomains allowedDomains() {
    return safety == null ? AllowedDomains.ANY : new AllowedDomains(safety.allowedDomains());
  }
}
