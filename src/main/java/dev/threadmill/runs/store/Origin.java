package dev.threadmill.runs.store;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a run comes from that another run has routed a message to.
 *
 * @param call the call of the parent that wants the answer
 * @param root the run at the root of the tree
 * @param callers the assistants from the root down to the parent
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

  /** The origin of a run that this run starts. */
  public static Origin below(Run run, ToolCallId call, boolean isHandoff) {
    var above = run.settings().origin();
    return new Origin(
        run.threadId(),
        run.id(),
        call,
        above == null ? run.id() : above.root(),
        lineage(run),
        isHandoff);
  }

  /** The assistants from the root of the tree down to this run's own. */
  public static List<AssistantId> lineage(Run run) {
    var above = run.settings().origin();
    var lineage = new ArrayList<AssistantId>(above == null ? List.of() : above.callers());
    lineage.add(run.assistantId());
    return lineage;
  }
}
