package dev.threadmill.runs;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.ToolUnavailableException;

/**
 * The result of a tool call.
 *
 * @param index of the call in its step
 * @param output null if its outcome is unknown and the client has to submit it
 * @param parts of the result that are not text; null for none
 * @param usage the tokens of the child run that answered it
 * @param unavailable why the tool cannot be used, so that the run fails; null if it can
 */
record CallResult(
    int index,
    String output,
    ToolCall.ResultParts parts,
    Usage usage,
    ToolUnavailableException unavailable) {
  /** A result of text alone. */
  CallResult(int index, String output) {
    this(index, output, null, Usage.NONE, null);
  }
}
