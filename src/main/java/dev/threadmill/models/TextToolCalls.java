package dev.threadmill.models;

/** How a model writes tool calls into its text, if its server does not recognize them. */
public enum TextToolCalls {
  /** It does not: calls are only where the API has them. */
  NONE,
  /** {@code <tool_call>{"name": …, "arguments": {…}}</tool_call>}, as Hermes and Qwen write. */
  HERMES,
  /** {@code [TOOL_CALLS]} and a list of calls, or a name and its arguments, as Mistral writes. */
  MISTRAL
}
