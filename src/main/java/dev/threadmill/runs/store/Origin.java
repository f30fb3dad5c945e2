package dev.threadmill.runs.store;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import java.util.List;

/**
 * The tool call that created a run, for a run that another run routed a message to.
 *
 * @param call the call of the parent run that this run answers
 * @param root the run at the root of the tree
 * @param callers the assistants from the root down to the parent; runs without an assistant are
 *     left out
 * @param isHandoff whether the run answers in place of its parent
 */
public record Origin(
    ThreadId parentThread,
    RunId parent,
    ToolCallId call,
    RunId root,
    List<AssistantId> callers,
    boolean isHandoff) {
  public Origin {
    callers = List.copyOf(callers);
  }
}
