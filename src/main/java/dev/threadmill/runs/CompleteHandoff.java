package dev.threadmill.runs;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.execution.HandoffProjection;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;

/**
 * Ends a run that has handed over, in the transaction that ends the run that answers in its place
 * and as that one ends. What that one has said becomes its own, and the thread's assistant is from
 * then on who has answered.
 */
@ApplicationScoped
class CompleteHandoff {
  private final RunStore runs;
  private final StepStore steps;
  private final MessageStore messages;
  private final ChildRuns children;
  private final RunSignals signals;

  CompleteHandoff(
      RunStore runs,
      StepStore steps,
      MessageStore messages,
      ChildRuns children,
      RunSignals signals) {
    this.runs = runs;
    this.steps = steps;
    this.messages = messages;
    this.children = children;
    this.signals = signals;
  }

  /** The run that answers has ended, which its row, its steps and its messages say. */
  void end(Tx tx, Run answering) {
    var origin = answering.settings().origin();
    var other = runs.lock(tx, answering.threadId(), answering.id()).orElseThrow();
    var otherSteps = steps.ofRun(tx, other);
    var at = otherSteps.isEmpty() ? other.times().created() : otherSteps.getLast().createdAt();
    FinishRun.touchThread(tx, origin.parentThread(), at);
    var found =
        runs.lock(tx, origin.parentThread(), origin.parent())
            .filter(run -> !run.status().isTerminal());
    if (found.isEmpty()) {
      return;
    }
    var run = found.get();
    var handed = new HandoffProjection(run, steps.ofRun(tx, run).getLast().ordinal());
    var events = EventLog.parse(other.eventLog());
    var told = new ArrayList<>(handed.events(events));
    var saidSteps = handed.steps(otherSteps, events, other.assistantId());
    var said = handed.messages(otherSteps, messagesOf(tx, other, otherSteps));
    messages.insert(tx, run.projectId(), said);
    saidSteps.forEach(step -> steps.insert(tx, run, step, null));

    var end = new Run.End(answering.status(), answering.lastError(), answering.incompleteReason());
    if (end.status() == RunStatus.CANCELLED) {
      told.add(new RunEvent.RunStatusChanged(RunStatus.CANCELLING.wire()));
    }
    told.add(new RunEvent.RunStatusChanged(end.status().wire()));
    var ended = run.with(run.usage().plus(answering.usage())).ended(end, endOf(answering));
    runs.setEnd(tx, ended, EventLog.format(told));
    if (end.status() == RunStatus.COMPLETED) {
      setAssistant(tx, run, saidSteps, other.assistantId());
    }
    children.ended(tx, ended);
    tx.afterCommit(() -> signals.runChanged(run.id()));
  }

  private static Instant endOf(Run run) {
    var times = run.times();
    if (times.completed() != null) {
      return times.completed();
    }
    if (times.failed() != null) {
      return times.failed();
    }
    return times.cancelled() != null ? times.cancelled() : times.expires();
  }

  private HashMap<String, Message> messagesOf(Tx tx, Run run, List<Step> stepsOfRun) {
    var found = new HashMap<String, Message>();
    List<MessageId> ids =
        stepsOfRun.stream().map(Step::messageId).filter(Objects::nonNull).toList();
    messages.findAll(tx, run.threadId(), ids).forEach(m -> found.put(m.id().value(), m));
    return found;
  }

  /** Runs that name no assistant are from now on of the one that has spoken last. */
  private static void setAssistant(Tx tx, Run run, List<Step> said, AssistantId otherwise) {
    tx.update(
        "UPDATE threads SET assistant_id = ? WHERE id = ?",
        said.isEmpty() ? otherwise : said.getLast().assistantId(),
        run.threadId());
  }
}
