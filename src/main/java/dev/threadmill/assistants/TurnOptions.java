package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;
import dev.threadmill.limits.RunBudget;

/**
 * How often a run may call the model and tools, and what of the model's output is shown. What is
 * null is not set.
 *
 * @param reasoning whether the model's reasoning is shown
 * @param visibility what of the model's text becomes a message of the thread; null for all
 * @param maxTurns how often a run may call the model
 * @param maxToolCalls how many tool calls a run may make
 * @param budget what a run may use; null for no budget
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TurnOptions(
    Reasoning reasoning,
    Visibility visibility,
    Integer maxTurns,
    Integer maxToolCalls,
    RunBudget budget) {
  /** No option is set. */
  public static final TurnOptions NONE = new TurnOptions(null, null, null, null, null);

  private static final int MAX_TURNS = 1_000;
  private static final int MAX_TOOL_CALLS = 10_000;

  /** What of the text of a run becomes messages of its thread. */
  public enum Visibility {
    /** All text of the model. */
    @JsonProperty("all")
    ALL,
    /** The final answer; text beside tool calls stays in the steps. */
    @JsonProperty("final")
    FINAL
  }

  /**
   * Whether the model's reasoning is shown.
   *
   * @param visibility null for shown
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Reasoning(Shown visibility) {
    /** Whether it can be seen in steps, streams and contexts. */
    public enum Shown {
      @JsonProperty("shown")
      SHOWN,
      @JsonProperty("hidden")
      HIDDEN
    }
  }

  public TurnOptions {
    Bounds.integer("max_turns", maxTurns, 1, MAX_TURNS);
    Bounds.integer("max_tool_calls", maxToolCalls, 1, MAX_TOOL_CALLS);
  }

  /** These options, with those of the base where they are not set. */
  public TurnOptions withDefaults(TurnOptions base) {
    return new TurnOptions(
        reasoning == null ? base.reasoning : reasoning,
        visibility == null ? base.visibility : visibility,
        maxTurns == null ? base.maxTurns : maxTurns,
        maxToolCalls == null ? base.maxToolCalls : maxToolCalls,
        budget == null ? base.budget : budget);
  }

  /** Null if nothing is set, as it is stored. */
  public TurnOptions orNull() {
    return equals(NONE) ? null : this;
  }

  /** What was stored by {@link #orNull}. */
  public static TurnOptions orNone(TurnOptions stored) {
    return stored == null ? NONE : stored;
  }

  /** Whether the number of turns or tool calls is limited. */
  public boolean isLimited() {
    return maxTurns != null || mostToolCalls() != null;
  }

  /** How many tool calls a run may make, by its limit and its budget; null for any number. */
  public Integer mostToolCalls() {
    var ofBudget = budget == null ? null : budget.toolCalls();
    if (maxToolCalls == null || ofBudget == null) {
      return maxToolCalls == null ? ofBudget : maxToolCalls;
    }
    return Math.min(maxToolCalls, ofBudget);
  }

  /** The same with another budget. */
  public TurnOptions with(RunBudget other) {
    return new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, other);
  }

  /** Whether the model's reasoning may be seen. */
  public boolean showReasoning() {
    return reasoning == null || reasoning.visibility() != Reasoning.Shown.HIDDEN;
  }

  /** Whether only the final answer becomes a message. */
  public boolean showFinalOnly() {
    return visibility == Visibility.FINAL;
  }
}
