package dev.threadmill.runs.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.models.ReasoningState;

/**
 * What a model thought and said in a step, beside the step's message and its calls. What is null is
 * not there.
 *
 * @param reasoning as clients may see it
 * @param effort with which the model was asked to reason
 * @param commentary what the model said along with tool calls, where only the final answer becomes
 *     a message
 * @param thoughts what the provider wants back with the results of the calls; never shown
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StepReasoning(
    String reasoning, String effort, String commentary, ReasoningState thoughts) {
  /** The model thought and said nothing beside. */
  public static final StepReasoning NONE = new StepReasoning(null, null, null, null);

  /** One of the two texts of an aside. */
  public enum Kind {
    REASONING("h"),
    COMMENTARY("k");

    private final String letter;

    Kind(String letter) {
      this.letter = letter;
    }

    /** Its letter in the short form of events. */
    public String letter() {
      return letter;
    }

    /** The name of its field on the wire. */
    public String field() {
      return this == REASONING ? "reasoning" : "commentary";
    }
  }

  /** An aside whose texts are empty rather than null where there is nothing. */
  public static StepReasoning of(
      String reasoning, String effort, String commentary, ReasoningState thoughts) {
    var thought = reasoning.isEmpty() ? null : reasoning;
    var said = commentary.isEmpty() ? null : commentary;
    return new StepReasoning(thought, thought == null ? null : effort, said, thoughts);
  }

  /** The text, or null. */
  public String text(Kind voice) {
    return voice == Kind.REASONING ? reasoning : commentary;
  }

  /** What of it anybody may see. */
  public StepReasoning visible() {
    return thoughts == null ? this : new StepReasoning(reasoning, effort, commentary, null);
  }

  /** Null if it is empty, as it is stored. */
  StepReasoning nullIfEmpty() {
    return equals(NONE) ? null : this;
  }
}
