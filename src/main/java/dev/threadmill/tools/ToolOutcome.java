package dev.threadmill.tools;

/** What came of a call that the server executed. */
public sealed interface ToolOutcome {
  /** The result, which the model is given. */
  record Answered(String output) implements ToolOutcome {}

  /** The call failed; the model is given an output that says how. */
  record Failed(String output) implements ToolOutcome {}

  /** Nobody knows whether the call had its effect, and a person has to say. */
  record Undecided() implements ToolOutcome {}
}
