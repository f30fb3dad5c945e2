package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
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
 * @param maxToolCalls how many tool calls a run may make; an answer that exceeds them ends it
 * @param budget what a run may use; null for no budget
 * @param maxServerCalls how many tool calls the server may make in a run; further ones are refused.
 *     It is stored in a column of its own, which earlier versions do not read
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TurnOptions(
    Reasoning reasoning,
    Visibility visibility,
    Integer maxTurns,
    Integer maxToolCalls,
    RunBudget budget,
    @JsonIgnore Integer maxServerCalls) {
  /** No option is set. */
  public static final TurnOptions NONE = new TurnOptions(null, null, null, null, null, null);

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

  /** Options without a limit of the calls of the server. */
  @JsonCreator
  public TurnOptions(
      @JsonProperty("reasoning") Reasoning reasoning,
      @JsonProperty("visibility") Visibility visibility,
      @JsonProperty("max_turns") Integer maxTurns,
      @JsonProperty("max_tool_calls") Integer maxToolCalls,
      @JsonProperty("budget") RunBudget budget) {
    this(reasoning, visibility, maxTurns, maxToolCalls, budget, null);
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
        budget == null ? base.budget : budget,
        maxServerCalls == null ? base.maxServerCalls : maxServerCalls);
  }

  /** With this limit of the calls that the server makes; null for none. */
  public TurnOptions withServerCalls(Integer most) {
    return new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, budget, most);
  }

  /** Null if nothing is set that is stored as JSON. */
  public TurnOptions orNull() {
    return withServerCalls(null).equals(NONE) ? null : this;
  }

  /** What was stored by {@link #orNull}. */
  public static TurnOptions orNone(TurnOptions stored) {
    return stored == null ? NONE : stored;
  }

  /** Whether the number of turns or tool calls is limited. */
  public boolean isLimited() {
    return maxTurns != null || mostToolCalls() != null || maxServerCalls != null;
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
    return new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, other, maxServerCalls);
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
