package dev.threadmill.runs;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.memory.MemoryPolicy;
import dev.threadmill.memory.ScheduleSummary;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.threads.MessageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Stores what a run has come to: the end of the run, or a step on the way. Each is one transaction
 * that holds all of it, and which only the attempt that has the run can commit. Clients are told
 * when it is committed.
 */
@ApplicationScoped
public class FinishRun {
  private final Jdbc jdbc;
  private final StepStore steps;
  private final MessageStore messages;
  private final ScheduleSummary noteRun;
  private final BudgetLedger spending;
  private final RouteCalls routeCalls;
  private final ChildRuns children;
  private final CancelChildRuns stopChildren;
  private final RunSignals signals;

  FinishRun(
      Jdbc jdbc,
      StepStore steps,
      MessageStore messages,
      ScheduleSummary noteRun,
      BudgetLedger spending,
      RouteCalls routeCalls,
      ChildRuns children,
      CancelChildRuns stopChildren,
      RunSignals signals) {
    this.signals = signals;
    this.jdbc = jdbc;
    this.routeCalls = routeCalls;
    this.children = children;
    this.stopChildren = stopChildren;
    this.noteRun = noteRun;
    this.spending = spending;
    this.steps = steps;
    this.messages = messages;
  }

  /**
   * The run ends.
   *
   * @param turn the answer at which it ends, whole or cut short; null if there is none
   * @param usage of the model call that the answer comes from
   * @return false if the run is not this attempt's any more: nothing was stored
   */
  boolean end(RunExecution progress, AnswerAccumulator turn, Usage usage, Run.End end) {
    var at = progress.nextTimestamp();
    progress.addUsage(usage);
    var cancelled = end.status() == RunStatus.CANCELLED;
    var run = progress.run().ended(end, at);
    var left = new StepChanges();
    left.end = run;
    if (cancelled) {
      left.events.add(StreamEvents.runAtStatus(run, RunStatus.CANCELLING, true, List.of()));
    }
    if (progress.live().openStep() instanceof Step open) {
      left.addInterruptedCalls(left.updatedSteps, open, end, at);
    } else if (turn != null) {
      left.addLastAnswer(turn, usage, run, end, at);
    }
    left.events.add(StreamEvents.runStatus(run));
    return store(
        progress,
        left,
        tx ->
            tx.deferFenced(
                """
                UPDATE runs SET status = ?, cancelled_at = ?, failed_at = ?, completed_at = ?,
                  last_error = ?, incomplete_reason = ?, prompt_tokens = ?, completion_tokens = ?,
                  reasoning_tokens = ?, owner = NULL, tape = tape || ?, stored = stored + 1
                WHERE thread_id = ? AND id = ? AND attempt = ? AND stored = ?
                  AND status IN ('in_progress', 'cancelling')
                """,
                run.status(),
                run.times().cancelled(),
                run.times().failed(),
                run.times().completed(),
                Tx.json(run.lastError()),
                run.incompleteReason(),
                run.usage().promptTokens(),
                run.usage().completionTokens(),
                run.usage().reasoningTokens(),
                tape(progress, left),
                run.threadId(),
                run.id(),
                run.attempt(),
                progress.live().commitCount()));
  }

  /** The model has thought, and perhaps spoken, in a step of its own, and calls nothing in it. */
  private boolean storeThoughts(RunExecution progress, Step step) {
    var at = progress.nextTimestamp();
    var left = new StepChanges();
    left.addStep(step.with(Usage.NONE).ended(Step.Status.COMPLETED, at, null));
    return store(progress, left, tx -> advance(tx, progress, left));
  }

  /** A message is complete, and the same answer goes on with tool calls. */
  private boolean storeMessage(RunExecution progress, AnswerAccumulator turn) {
    var at = progress.nextTimestamp();
    var left = new StepChanges();
    var step = turn.messageStep().with(Usage.NONE).ended(Step.Status.COMPLETED, at, null);
    left.addMessage(step, AssistantMessages.completed(progress.run(), step, turn, at));
    return store(progress, left, tx -> advance(tx, progress, left));
  }

  /**
   * The calls of the answer, before any of them is executed; those that were refused have their
   * outputs. If the server has none to execute, the run waits for other assistants or the client,
   * or, if all were refused, the step is done.
   *
   * @param routed the runs of the calls that other assistants work on
   * @return false if the run cannot go on so: it is cancelled or not this attempt's any more
   */
  boolean storeCalls(
      RunExecution progress, Step step, Usage usage, List<RouteCalls.PreparedChild> routed) {
    var at = progress.nextTimestamp();
    progress.addUsage(usage);
    var left = new StepChanges();
    left.newChildren.addAll(routed);
    for (int i = 0; i < step.calls().size(); i++) {
      var call = step.calls().get(i);
      if (call.routing() != null) {
        left.events.add(StreamEvents.callRouted(step, i, call));
      }
      if (!call.isOpen()) {
        left.events.add(StreamEvents.callCompleted(step, i, call));
      }
    }
    var stored =
        StepChanges.hasAllOutputs(step) ? step.ended(Step.Status.COMPLETED, at, null) : step;
    left.newSteps.add(stored.with(usage));
    tellWhereItStands(progress, left, stored.with(usage));
    if (routed.stream().anyMatch(RouteCalls.PreparedChild::isHandoff)) {
      left.continuation = StepChanges.Continuation.HAND_OFF;
    }
    return store(progress, left, tx -> advance(tx, progress, left));
  }

  /**
   * Calls that the server or other assistants executed have their outputs. With the last of them
   * the step is done, or, if others of its calls are the client's, the run waits for those.
   *
   * @param step the stored step with all outputs so far
   * @param calls the places of the calls that have just been executed
   * @param usage what other assistants have spent on them
   * @param isLast whether none of the server's calls is still under way
   * @return false if the run cannot go on so: it is cancelled or not this attempt's any more
   */
  boolean storeOutputs(
      RunExecution progress, Step step, List<Integer> calls, Usage usage, boolean isLast) {
    var at = progress.nextTimestamp();
    progress.addChildUsage(usage);
    var left = new StepChanges();
    for (int call : calls) {
      if (!step.calls().get(call).isOpen()) {
        left.events.add(StreamEvents.callCompleted(step, call, step.calls().get(call)));
      }
    }
    var stored =
        StepChanges.hasAllOutputs(step) ? step.ended(Step.Status.COMPLETED, at, null) : step;
    left.updatedSteps.add(stored);
    if (isLast) {
      tellWhereItStands(progress, left, stored);
    }
    return store(progress, left, tx -> advance(tx, progress, left));
  }

  /** Calls that were allowed are about to be made, or the run goes back to waiting for agents. */
  boolean storeBegun(RunExecution progress, Step step) {
    progress.nextTimestamp();
    var left = new StepChanges();
    left.updatedSteps.add(step);
    left.continuation = StepChanges.continuationAfter(step);
    return store(progress, left, tx -> advance(tx, progress, left));
  }

  private static void tellWhereItStands(RunExecution progress, StepChanges left, Step step) {
    left.continuation = StepChanges.continuationAfter(step);
    if (left.continuation == StepChanges.Continuation.AWAIT_CLIENT) {
      left.events.add(
          StreamEvents.runRequiresAction(
              progress.run().withStatus(RunStatus.REQUIRES_ACTION), StepChanges.openCalls(step)));
    } else if (StepChanges.hasAllOutputs(step)) {
      left.events.add(StreamEvents.stepEnded(step));
    }
  }

  /** By which the steps of an answer are stored that are done while it goes on. */
  AnswerAccumulator.StepCommitter stepByStep() {
    return new AnswerAccumulator.StepCommitter() {
      @Override
      public boolean commitMessage(RunExecution progress, AnswerAccumulator turn) {
        return storeMessage(progress, turn);
      }

      @Override
      public boolean commitReasoning(RunExecution progress, Step step) {
        return storeThoughts(progress, step);
      }
    };
  }

  /** The run goes on, or pauses, which it cannot while it is being cancelled. */
  private static void advance(Tx tx, RunExecution progress, StepChanges left) {
    var run = progress.run();
    boolean asks = left.continuation == StepChanges.Continuation.AWAIT_CLIENT;
    boolean pauses = left.continuation != StepChanges.Continuation.CONTINUE;
    var routing =
        switch (left.continuation) {
          case CONTINUE, AWAIT_CLIENT -> null;
          case AWAIT_CHILDREN -> "waiting";
          case HAND_OFF -> "handed";
        };
    tx.deferFenced(
        """
        UPDATE runs SET status = CASE WHEN ? THEN 'requires_action' ELSE status END,
          owner = CASE WHEN ? THEN NULL ELSE owner END,
          routing = ?,
          prompt_tokens = ?, completion_tokens = ?, reasoning_tokens = ?, tape = tape || ?,
          stored = stored + 1
        WHERE thread_id = ? AND id = ? AND attempt = ? AND stored = ?
          AND (status = 'in_progress' OR status = 'cancelling' AND NOT ?)
        """,
        asks,
        pauses,
        routing,
        run.usage().promptTokens(),
        run.usage().completionTokens(),
        run.usage().reasoningTokens(),
        tape(progress, left),
        run.threadId(),
        run.id(),
        run.attempt(),
        progress.live().commitCount(),
        pauses);
  }

  private static String tape(RunExecution progress, StepChanges left) {
    var events = new ArrayList<>(progress.live().events().uncommitted());
    left.events.forEach(told -> events.add(told.event()));
    return EventLog.format(events);
  }

  /** The change of the run's row, which matches only while the attempt has the run. */
  private interface RunUpdate {
    void in(Tx tx);
  }

  /**
   * The thread is locked before the run, as everywhere. Nothing is waited for on the way: if the
   * run is not ours any more, its update has all the rest fail. If the database goes away in the
   * commit, nobody knows whether it took place; then the second try fails too, and the run tells
   * whether the first one was it.
   */
  private boolean store(RunExecution progress, StepChanges left, RunUpdate update) {
    var run = progress.run();
    var at = progress.nextTimestamp();
    try {
      progress
          .live()
          .uninterruptibly(
              () -> {
                jdbc.runInTransactionWhenAvailable(
                    tx -> store(tx, progress, run, at, left, update));
                return null;
              });
    } catch (DatabaseException e) {
      if (!e.isFenced()) {
        throw e;
      }
      if (!wasStored(progress)) {
        return false;
      }
    }
    progress.markSettled();
    progress.live().countCommit();
    progress.live().events().publishCommitted(left.events);
    tellOthers(left);
    return true;
  }

  private boolean wasStored(RunExecution progress) {
    var run = progress.run();
    return jdbc.whenAvailable(
        () ->
            jdbc.one(
                    "SELECT 1 AS one FROM runs"
                        + " WHERE thread_id = ? AND id = ? AND attempt = ? AND stored = ?",
                    row -> row.integer("one"),
                    run.threadId(),
                    run.id(),
                    run.attempt(),
                    progress.live().commitCount() + 1)
                .isPresent());
  }

  private void store(
      Tx tx, RunExecution progress, Run run, Instant at, StepChanges left, RunUpdate update) {
    touchThread(tx, run.threadId(), at);
    update.in(tx);
    messages.insert(tx, run.projectId(), left.newMessages);
    left.newSteps.forEach(step -> steps.insert(tx, run, step, progress.sentContext()));
    left.updatedSteps.forEach(step -> update(tx, step));
    left.newChildren.forEach(child -> routeCalls.insert(tx, child, at));
    if (left.continuation == StepChanges.Continuation.AWAIT_CHILDREN) {
      children.wakeIfAllEnded(tx, run.threadId(), run.id());
    }
    if (left.end != null) {
      noteMemoryWork(tx, progress);
      children.ended(tx, left.end);
    }
    // Whether or not it is journaled so far: that may begin before this transaction has the run.
    clearJournal(tx, run);
    progress.settle(tx, spending);
  }

  private void tellOthers(StepChanges left) {
    if (!left.newChildren.isEmpty()) {
      signals.workAvailable();
    }
    if (left.end != null) {
      stopChildren.afterEnd(left.end);
    }
  }

  private void update(Tx tx, Step step) {
    steps.setOutputs(tx, step);
    if (step.status() == Step.Status.IN_PROGRESS) {
      steps.setExecutors(tx, step);
    } else {
      steps.setEnd(tx, step);
    }
  }

  private void noteMemoryWork(Tx tx, RunExecution progress) {
    var sent = progress.sentContext();
    if (sent != null && sent.window() != null) {
      var run = progress.run();
      noteRun.schedule(
          tx,
          run.projectId(),
          run.threadId(),
          run.assistantId(),
          MemoryPolicy.of(run.settings().memory()),
          run.settings().model(),
          sent.window().cutBy() == null ? null : sent.window().fromTime());
    }
  }

  /** The thread's next message comes later than all that the run has stored. */
  public static void touchThread(Tx tx, ThreadId thread, Instant at) {
    tx.defer("UPDATE threads SET tail = GREATEST(tail, ?) WHERE id = ?", at, thread);
  }

  /** Deletes what the journal has of a run whose rows now say the same. */
  public static void clearJournal(Tx tx, Run run) {
    tx.defer(
        "DELETE FROM run_journal WHERE thread_id = ? AND run_id = ?", run.threadId(), run.id());
  }
}
