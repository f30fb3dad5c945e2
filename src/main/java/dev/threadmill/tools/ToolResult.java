package dev.threadmill.tools;

/** What came of a call that the server executed. */
public sealed interface ToolResult {
  /** The result, which the model is given. */
  record Succeeded(String output) implements ToolResult {}

  /** The call failed; the model is given an output that says how. */
  record Failed(String output) implements ToolResult {}

  /** Nobody knows whether the call had its effect, and a person has to say. */
  record OutcomeUnknown() implements ToolResult {}
}
