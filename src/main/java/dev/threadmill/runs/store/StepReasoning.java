package dev.threadmill.runs.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.models.ReasoningState;

/**
 * The output of a model in a step other than the message and the tool calls. Null stands for none.
 *
 * @param reasoning the reasoning that clients may see
 * @param effort the reasoning effort of the model request
 * @param commentary text that accompanies tool calls, where only the final answer becomes a message
 * @param thoughts state that the provider requires with the outputs of the calls; never shown to
 *     clients
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StepReasoning(
    String reasoning, String effort, String commentary, ReasoningState thoughts) {
  /** A step without reasoning and commentary. */
  public static final StepReasoning NONE = new StepReasoning(null, null, null, null);

  /** From texts, each empty if there is none. */
  public static StepReasoning of(
      String reasoning, String effort, String commentary, ReasoningState thoughts) {
    return new StepReasoning(
        reasoning.isEmpty() ? null : reasoning,
        reasoning.isEmpty() ? null : effort,
        commentary.isEmpty() ? null : commentary,
        thoughts);
  }

  /** The part that clients may see. */
  public StepReasoning visible() {
    return thoughts == null ? this : new StepReasoning(reasoning, effort, commentary, null);
  }

  /** What the prompts of later runs need of it. */
  public StepReasoning ofEarlierRun() {
    return new StepReasoning(
        null, null, commentary, thoughts == null ? null : thoughts.ofEarlierRun());
  }

  /** The stored form: null if it is empty. */
  StepReasoning nullIfEmpty() {
    return equals(NONE) ? null : this;
  }
}
