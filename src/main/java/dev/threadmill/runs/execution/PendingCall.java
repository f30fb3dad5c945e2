package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.code.CodeArguments;

/** A call whose arguments the model is still writing. */
final class PendingCall {
  private final ToolCall started;
  private final OpenText arguments;
  private final CodeArguments code;

  /**
   * @param index of the call in the step
   */
  PendingCall(Step step, int index, ToolCall started) {
    this.started = started;
    this.code =
        switch (started.callType()) {
          case CODE_INTERPRETER -> new CodeArguments();
          case FUNCTION, AGENT_ROUTING, FILE_SEARCH, WEB_SEARCH, MCP_LIST_TOOLS, COMPACTION -> null;
        };
    this.arguments = new OpenText(DeltaTarget.of(StreamedText.ARGUMENTS, step, index));
  }

  /** The call without its arguments. */
  ToolCall started() {
    return started;
  }

  OpenText arguments() {
    return arguments;
  }

  /**
   * Adds a piece of the arguments, and returns what of it is stored: of calls of code, the code.
   */
  String append(String piece) {
    var more = code == null ? piece : code.next(piece);
    arguments.append(more);
    return more;
  }

  /** The call with the arguments so far. */
  ToolCall toCall() {
    return started.withMoreArguments(arguments.toString());
  }
}
