package dev.threadmill.runs;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import dev.threadmill.threads.Message;
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
class FinishRun {
  private final Jdbc jdbc;
  private final StepStore steps;
  private final MessageStore messages;

  FinishRun(Jdbc jdbc, StepStore steps, MessageStore messages) {
    this.jdbc = jdbc;
    this.steps = steps;
    this.messages = messages;
  }

  /** What a run leaves behind when it ends or pauses, or a step when it is done. */
  private static final class Leavings {
    final List<Message> messages = new ArrayList<>();
    final List<Step> steps = new ArrayList<>();
    final List<Told> news = new ArrayList<>();

    void addMessage(Step step, Message message) {
      messages.add(message);
      news.add(Telling.messageEnded(step, message));
      addStep(step);
    }

    void addStep(Step step) {
      steps.add(step);
      news.add(Telling.stepEnded(step));
    }
  }

  /**
   * The run ends.
   *
   * @param turn the answer at which it ends, whole or cut short; null if there is none
   * @param usage of the model call that the answer comes from
   * @return false if the run is not this attempt's any more: nothing was stored
   */
  boolean end(Progress progress, Turn turn, Usage usage, Run.End end) {
    var at = progress.nextTime();
    progress.spent(usage);
    var cancelled = end.status() == RunStatus.CANCELLED;
    var run = progress.run().ended(end, at);
    var left = new Leavings();
    if (cancelled) {
      left.news.add(Telling.runBefore(run, RunStatus.CANCELLING, true, List.of()));
    }
    if (turn != null) {
      addUnfinished(left, turn, usage, run, end, at);
    }
    left.news.add(Telling.run(run));
    return store(
        progress,
        left,
        tx ->
            tx.update(
                """
                UPDATE runs SET status = ?, cancelled_at = ?, failed_at = ?, completed_at = ?,
                  last_error = ?, incomplete_reason = ?, prompt_tokens = ?, completion_tokens = ?,
                  owner = NULL, tape = tape || ?
                WHERE thread_id = ? AND id = ? AND attempt = ?
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
                tape(progress, left),
                run.threadId(),
                run.id(),
                run.attempt()));
  }

  /** A message is complete, and the same answer goes on with tool calls. */
  boolean storeMessage(Progress progress, Turn turn) {
    var at = progress.nextTime();
    var left = new Leavings();
    var step = turn.messageStep().with(Usage.NONE).ended(Step.Status.COMPLETED, at, null);
    left.addMessage(step, Answer.completed(progress.run(), step, turn, at));
    return store(progress, left, tx -> advance(tx, progress, left, false));
  }

  /**
   * The model has called functions of the client: the run waits for their results, and nobody
   * executes it meanwhile.
   *
   * @return false if it cannot wait because it is being cancelled or is not this attempt's any more
   */
  boolean pause(Progress progress, Turn turn, Usage usage) {
    progress.nextTime();
    progress.spent(usage);
    var step = turn.callStep().with(usage);
    var run = progress.run().as(RunStatus.REQUIRES_ACTION);
    var left = new Leavings();
    left.steps.add(step);
    left.news.add(Telling.runWaits(run, step.calls()));
    return store(progress, left, tx -> advance(tx, progress, left, true));
  }

  private static void addUnfinished(
      Leavings left, Turn turn, Usage usage, Run run, Run.End end, Instant at) {
    var error = end.error() == null ? null : end.error().forStep();
    var how =
        switch (end.status()) {
          case COMPLETED, INCOMPLETE -> Step.Status.COMPLETED;
          case CANCELLED -> Step.Status.CANCELLED;
          case EXPIRED -> Step.Status.EXPIRED;
          case FAILED, QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING -> Step.Status.FAILED;
        };
    if (turn.messageStep() != null && turn.callStep() == null) {
      var step = turn.messageStep().with(usage).ended(how, at, error);
      left.addMessage(
          step,
          end.status() == RunStatus.COMPLETED
              ? Answer.completed(run, step, turn, at)
              : Answer.incomplete(run, step, turn, at));
    }
    if (turn.callStep() != null) {
      var calls =
          turn.callStep().calls().stream()
              .map(call -> call.withOutput(Answer.outputInsteadOf(end)))
              .toList();
      var cut = how == Step.Status.COMPLETED ? Step.Status.CANCELLED : how;
      left.addStep(turn.callStep().with(calls).with(usage).ended(cut, at, error));
    }
  }

  /** The run goes on, or pauses, which it cannot while it is being cancelled. */
  private static int advance(Tx tx, Progress progress, Leavings left, boolean pause) {
    var run = progress.run();
    return tx.update(
        """
        UPDATE runs SET status = CASE WHEN ? THEN 'requires_action' ELSE status END,
          owner = CASE WHEN ? THEN NULL ELSE owner END,
          prompt_tokens = ?, completion_tokens = ?, tape = tape || ?
        WHERE thread_id = ? AND id = ? AND attempt = ?
          AND (status = 'in_progress' OR status = 'cancelling' AND NOT ?)
        """,
        pause,
        pause,
        run.usage().promptTokens(),
        run.usage().completionTokens(),
        tape(progress, left),
        run.threadId(),
        run.id(),
        run.attempt(),
        pause);
  }

  private static String tape(Progress progress, Leavings left) {
    var events = new ArrayList<>(progress.live().unstored());
    left.news.forEach(told -> events.add(told.event()));
    return Tape.format(events);
  }

  /** The change of the run's row, which matches only while the attempt has the run. */
  private interface RunUpdate {
    int in(Tx tx);
  }

  /**
   * The thread is locked before the run, as everywhere. If the database goes away in the commit,
   * the second try finds the run stored or lost, which is not told apart here: readers then look
   * there.
   */
  private boolean store(Progress progress, Leavings left, RunUpdate update) {
    var run = progress.run();
    var at = progress.nextTime();
    boolean ours =
        progress
            .live()
            .sheltered(
                () ->
                    jdbc.inTransactionOnceUp(
                        tx -> {
                          touchThread(tx, run.threadId(), at);
                          if (update.in(tx) == 0) {
                            return false;
                          }
                          messages.insert(tx, run.projectId(), left.messages);
                          left.steps.forEach(step -> steps.insert(tx, run, step));
                          if (progress.live().isJournaled()) {
                            clearJournal(tx, run);
                          }
                          return true;
                        }));
    if (ours) {
      progress.live().stored(left.news);
    }
    return ours;
  }

  /** The thread's next message comes later than all that the run has stored. */
  static void touchThread(Tx tx, ThreadId thread, Instant at) {
    tx.update("UPDATE threads SET tail = GREATEST(tail, ?) WHERE id = ?", at, thread);
  }

  static void clearJournal(Tx tx, Run run) {
    tx.update(
        "DELETE FROM run_journal WHERE thread_id = ? AND run_id = ?", run.threadId(), run.id());
  }
}
