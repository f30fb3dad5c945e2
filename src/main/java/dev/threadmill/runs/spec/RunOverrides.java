package dev.threadmill.runs.spec;

import dev.threadmill.assistants.ReasoningEffort;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.projects.ClientUser;
import dev.threadmill.runs.store.RunOpening;
import dev.threadmill.runs.store.RunSettings.TokenLimits;
import dev.threadmill.runs.store.TruncationStrategy;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * What a run sets otherwise than its assistant, or, for a run without an assistant, all that it
 * sets. Null stands for what is not set.
 */
public final class RunOverrides {
  /** Nothing is set. */
  public static final RunOverrides NONE = builder().build();

  private final Builder values;

  private RunOverrides(Builder values) {
    this.values = values;
  }

  /** Overrides that set nothing yet. */
  public static Builder builder() {
    return new Builder();
  }

  String model() {
    return values.model;
  }

  /** Replaces the assistant's instructions. */
  String instructions() {
    return values.instructions;
  }

  /** Follows the instructions. */
  String additionalInstructions() {
    return values.additionalInstructions;
  }

  List<ToolSpec> tools() {
    return values.tools;
  }

  ToolChoice toolChoice() {
    return values.toolChoice;
  }

  Boolean parallelToolCalls() {
    return values.parallelToolCalls;
  }

  Double temperature() {
    return values.temperature;
  }

  Double topP() {
    return values.topP;
  }

  ReasoningEffort reasoningEffort() {
    return values.reasoningEffort;
  }

  TokenLimits tokenLimits() {
    return values.tokenLimits;
  }

  TruncationStrategy truncationStrategy() {
    return values.truncationStrategy;
  }

  ResponseFormat responseFormat() {
    return values.responseFormat;
  }

  TurnOptions turns() {
    return values.turns;
  }

  boolean exactReplay() {
    return values.exactReplay;
  }

  RunOpening opening() {
    return values.opening;
  }

  /**
   * Answers 403 if a run with a client token sets what its assistant decides. The numbers of
   * tokens, turns and messages may be set, since they only make a run smaller; a budget would take
   * the place of that of the assistant.
   */
  public void requireNone() {
    var set = new LinkedHashMap<String, Object>();
    set.put("model", values.model);
    set.put("instructions", values.instructions);
    set.put("additional_instructions", values.additionalInstructions);
    set.put("tools", values.tools);
    set.put("tool_choice", values.toolChoice);
    set.put("parallel_tool_calls", values.parallelToolCalls);
    set.put("temperature", values.temperature);
    set.put("top_p", values.topP);
    set.put("reasoning_effort", values.reasoningEffort);
    set.put("response_format", values.responseFormat);
    set.put("reasoning", values.turns.reasoning());
    set.put("visibility", values.turns.visibility());
    set.put("budget", values.turns.budget());
    set.forEach(
        (param, value) -> {
          if (value != null) {
            throw ClientUser.mayNotSet(param);
          }
        });
  }

  /** Collects what a run sets. */
  public static final class Builder {
    private String model;
    private String instructions;
    private String additionalInstructions;
    private List<ToolSpec> tools;
    private ToolChoice toolChoice;
    private Boolean parallelToolCalls;
    private Double temperature;
    private Double topP;
    private ReasoningEffort reasoningEffort;
    private TokenLimits tokenLimits = new TokenLimits(null, null);
    private TruncationStrategy truncationStrategy;
    private ResponseFormat responseFormat;
    private TurnOptions turns = TurnOptions.NONE;
    private boolean exactReplay;
    private RunOpening opening = RunOpening.NONE;

    private Builder() {}

    public Builder model(String name) {
      model = name;
      return this;
    }

    /**
     * @param replaced what replaces the assistant's instructions
     * @param additional what follows the instructions
     */
    public Builder instructions(String replaced, String additional) {
      instructions = replaced;
      additionalInstructions = additional;
      return this;
    }

    public Builder tools(List<ToolSpec> specs) {
      tools = specs;
      return this;
    }

    public Builder toolUse(ToolChoice choice, Boolean parallel) {
      toolChoice = choice;
      parallelToolCalls = parallel;
      return this;
    }

    public Builder sampling(Double newTemperature, Double newTopP) {
      temperature = newTemperature;
      topP = newTopP;
      return this;
    }

    public Builder reasoningEffort(ReasoningEffort effort) {
      reasoningEffort = effort;
      return this;
    }

    public Builder tokenLimits(Integer maxPromptTokens, Integer maxCompletionTokens) {
      tokenLimits = new TokenLimits(maxPromptTokens, maxCompletionTokens);
      return this;
    }

    public Builder truncation(TruncationStrategy strategy) {
      truncationStrategy = strategy;
      return this;
    }

    /** The run fails if its thread does not fit the context window. */
    public Builder truncationDisabled() {
      truncationStrategy = TruncationStrategy.DISABLED;
      return this;
    }

    public Builder responseFormat(ResponseFormat format) {
      responseFormat = format;
      return this;
    }

    public Builder turns(TurnOptions options) {
      turns = options;
      return this;
    }

    /**
     * @param exact whether each replay of the run has the same events as its live stream, down to
     *     every delta; otherwise the deltas of a text are merged once they are stored
     */
    public Builder exactReplay(boolean exact) {
      exactReplay = exact;
      return this;
    }

    /**
     * What the run does before its first model call.
     *
     * @param listTools the labels of MCP servers whose tools it lists
     * @param compactAbove how many tokens the history of its thread may have before it is
     *     summarized; null if it never is
     * @param newTicks the {@link ThreadEntry#ticks} of the last entries of the request, which are
     *     not summarized
     * @param fromSummary whether the thread may have a summary that stands for what is before it
     */
    public Builder opening(
        List<String> listTools, Integer compactAbove, int newTicks, boolean fromSummary) {
      opening = new RunOpening(listTools, compactAbove, newTicks, fromSummary);
      return this;
    }

    /** The overrides; the builder is not to be used any more. */
    public RunOverrides build() {
      return new RunOverrides(this);
    }
  }
}
