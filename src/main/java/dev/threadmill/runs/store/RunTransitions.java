package dev.threadmill.runs.store;

import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Money;
import dev.threadmill.threads.NewMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Changes runs. Every statement that writes to the table {@code runs} is in this class. That a run
 * was created or has ended is appended to the outbox by {@link RecordRunActivity}, within the same
 * transaction.
 *
 * <p>While a node executes a run, every write names the attempt that the node claimed and how often
 * that attempt has committed. The write fails if another attempt owns the run meanwhile.
 */
@ApplicationScoped
public class RunTransitions {
  private static final Logger LOG = Logger.getLogger(RunTransitions.class);

  private final Jdbc jdbc;
  private final RecordRunActivity activity;

  public RunTransitions(Jdbc jdbc, RecordRunActivity activity) {
    this.jdbc = jdbc;
    this.activity = activity;
  }

  /** What a line of the log calls a change. */
  private enum Kind {
    CREATED,
    /** The previous run of its thread has ended: it may be claimed. */
    PROMOTED,
    /** A node has claimed it to execute it. */
    CLAIMED,
    /** Its client submitted what it waited for, and it waits for a node. */
    RESUMED,
    /** A step, or the results of tool calls, were committed. */
    STEP_COMMITTED,
    /** It waits for its client or for other runs. */
    PAUSED,
    CANCEL_REQUESTED,
    METADATA_CHANGED,
    ENDED
  }

  /**
   * Logs a change once it is committed.
   *
   * @param run as it is after the change
   */
  private static void recordChange(Tx tx, Kind kind, Run run) {
    tx.afterCommit(
        () ->
            LOG.debugf(
                "run changed run_id=%s change=%s status=%s attempt=%d",
                run.id(), kind, run.status(), run.attempt()));
  }

  /** Inserts a run that may be claimed, or is claimed already. */
  public void insert(Tx tx, Run run) {
    insert(tx, run, null);
  }

  /**
   * Inserts a run that waits for its turn on its thread.
   *
   * @param messages are added to the thread when the run becomes active
   */
  public void insertWaiting(Tx tx, Run run, List<NewMessage> messages) {
    insert(tx, run, List.copyOf(messages));
  }

  private void insert(Tx tx, Run run, List<NewMessage> waitingMessages) {
    var settings = run.settings();
    var origin = run.origin();
    tx.defer(
        """
        INSERT INTO runs (
          thread_id, id, project_id, assistant_id, created_at, status, expires_at, started_at,
          model, instructions, tools, metadata, temperature, top_p, max_prompt_tokens,
          max_completion_tokens, truncation_strategy, tool_choice, parallel_tool_calls,
          response_format, reasoning_effort, owner, attempt, tape, memory, waiting,
          waiting_messages, safety, turns, parent_thread_id, parent_run_id, parent_call_id, root_run_id,
          callers, handoff, api_key_id, exact_replay, request_id, trace,
          opening, max_server_calls)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        run.threadId(),
        run.id(),
        run.projectId(),
        run.assistantId(),
        run.times().created(),
        run.status(),
        run.times().expires(),
        run.times().started(),
        settings.model(),
        settings.instructions(),
        Tx.json(settings.tools()),
        Tx.json(run.metadata()),
        settings.sampling().temperature(),
        settings.sampling().topP(),
        settings.tokenLimits().maxPromptTokens(),
        settings.tokenLimits().maxCompletionTokens(),
        Tx.json(settings.truncationStrategy()),
        Tx.json(settings.toolUse().choice()),
        settings.toolUse().parallel(),
        Tx.json(settings.responseFormat()),
        settings.sampling().reasoningEffort(),
        run.owner(),
        run.attempt(),
        run.eventLog(),
        Tx.json(settings.memory()),
        waitingMessages != null,
        Tx.json(waitingMessages),
        Tx.json(settings.safety()),
        Tx.json(settings.turns().orNull()),
        origin == null ? null : origin.parentThread(),
        origin == null ? null : origin.parent(),
        origin == null ? null : origin.call(),
        origin == null ? null : origin.root(),
        Tx.json(origin == null ? null : origin.callers()),
        origin != null && origin.isHandoff(),
        run.apiKey(),
        settings.exactReplay(),
        run.cause().requestId(),
        Tx.json(run.trace()),
        Tx.json(settings.opening().orNull()),
        settings.turns().maxServerCalls());
    recordChange(tx, Kind.CREATED, run);
    activity.created(tx, run);
  }

  /**
   * Stores which node owns a locked run from here on.
   *
   * @param claimed the run with its new owner and attempt
   * @param log the events that the claim adds
   */
  public void claim(Tx tx, Run claimed, String log) {
    setClaim(tx, claimed, log);
    recordChange(tx, Kind.CLAIMED, claimed);
  }

  /** Makes a locked run that waited for its client claimable by any node. */
  public void requeue(Tx tx, Run queued, String log) {
    setClaim(tx, queued, log);
    recordChange(tx, Kind.RESUMED, queued);
  }

  private static void setClaim(Tx tx, Run run, String log) {
    tx.update(
        """
        UPDATE runs SET status = ?, owner = ?, attempt = ?, stored = 0, started_at = ?,
          routing = NULL, tape = tape || ?
        WHERE thread_id = ? AND id = ? AND status IN %s
        """
            .formatted(RunStatus.sql(RunStatus.ACTIVE)),
        run.status(),
        run.owner(),
        run.attempt(),
        run.times().started(),
        log,
        run.threadId(),
        run.id());
  }

  /**
   * Stores that a step, or results of its calls, are committed. The transaction fails with a fenced
   * {@link dev.threadmill.db.DatabaseException} if the attempt does not own the run any more, or if
   * the run is to pause and is being cancelled.
   *
   * @param run with its usage so far
   * @param commits how often this attempt has committed before
   * @param log the events that this commit adds
   */
  public void commitStep(Tx tx, Run run, int commits, Continuation next, String log) {
    tx.deferFenced(
        """
        UPDATE runs SET status = CASE WHEN ? THEN 'requires_action' ELSE status END,
          owner = CASE WHEN ? THEN NULL ELSE owner END,
          routing = ?,
          prompt_tokens = ?, completion_tokens = ?, reasoning_tokens = ?, cached_tokens = ?, cost_nanos = ?, tape = tape || ?,
          stored = stored + 1, crashes = 0
        WHERE thread_id = ? AND id = ? AND attempt = ? AND stored = ?
          AND (status = 'in_progress' OR status = 'cancelling' AND NOT ?)
        """,
        next == Continuation.AWAIT_CLIENT,
        next.pauses(),
        next.routing(),
        run.usage().capped().promptTokens(),
        run.usage().capped().completionTokens(),
        run.usage().capped().reasoningTokens(),
        run.usage().capped().cachedTokens(),
        Money.nanos(run.usage().cost()),
        log,
        run.threadId(),
        run.id(),
        run.attempt(),
        commits,
        next.pauses());
    recordChange(tx, next.pauses() ? Kind.PAUSED : Kind.STEP_COMMITTED, run);
    if (next == Continuation.AWAIT_CLIENT) {
      activity.awaitsClient(tx, run);
    }
  }

  /**
   * Stores the end of a run that a node executes. The transaction fails with a fenced {@link
   * dev.threadmill.db.DatabaseException} if the attempt does not own the run any more.
   *
   * @param commits how often this attempt has committed before
   * @param log the events that this commit adds
   * @param tools the functions that the model has called
   * @param isSafetyFlagged whether a part of an answer was withheld for safety
   */
  public void end(
      Tx tx,
      Run ended,
      int commits,
      String log,
      Collection<String> tools,
      boolean isSafetyFlagged) {
    tx.deferFenced(
        """
        UPDATE runs SET status = ?, cancelled_at = ?, failed_at = ?, completed_at = ?,
          last_error = ?, incomplete_reason = ?, prompt_tokens = ?, completion_tokens = ?,
          reasoning_tokens = ?, cached_tokens = ?, cost_nanos = ?, owner = NULL, tape = tape || ?, stored = stored + 1
        WHERE thread_id = ? AND id = ? AND attempt = ? AND stored = ? AND status IN %s
        """
            .formatted(RunStatus.sql(RunStatus.EXECUTING)),
        ended.status(),
        ended.times().cancelled(),
        ended.times().failed(),
        ended.times().completed(),
        Tx.json(ended.lastError()),
        ended.incompleteReason(),
        ended.usage().capped().promptTokens(),
        ended.usage().capped().completionTokens(),
        ended.usage().capped().reasoningTokens(),
        ended.usage().capped().cachedTokens(),
        Money.nanos(ended.usage().cost()),
        log,
        ended.threadId(),
        ended.id(),
        ended.attempt(),
        commits);
    recordChange(tx, Kind.ENDED, ended);
    activity.ended(tx, ended, tools, isSafetyFlagged);
  }

  /**
   * Stores the end of a locked run that no node executes, or that is to be taken from the node that
   * executes it: that node's next commit fails.
   *
   * @param log the events that this adds
   */
  public void endLocked(Tx tx, Run ended, String log) {
    tx.update(
        """
        UPDATE runs SET status = ?, cancelled_at = ?, failed_at = ?, completed_at = ?,
          last_error = ?, incomplete_reason = ?, prompt_tokens = ?, completion_tokens = ?,
          reasoning_tokens = ?, cached_tokens = ?, cost_nanos = ?, owner = NULL, waiting = false, waiting_messages = NULL, routing = NULL, tape = tape || ?
        WHERE thread_id = ? AND id = ? AND status IN %s
        """
            .formatted(RunStatus.sql(ended.status().predecessors())),
        ended.status(),
        ended.times().cancelled(),
        ended.times().failed(),
        ended.times().completed(),
        Tx.json(ended.lastError()),
        ended.incompleteReason(),
        ended.usage().capped().promptTokens(),
        ended.usage().capped().completionTokens(),
        ended.usage().capped().reasoningTokens(),
        ended.usage().capped().cachedTokens(),
        Money.nanos(ended.usage().cost()),
        log,
        ended.threadId(),
        ended.id());
    recordChange(tx, Kind.ENDED, ended);
    activity.ended(tx, ended, List.of(), false);
  }

  /**
   * Marks a run as to be cancelled if a node executes it or another run answers in its place.
   *
   * @return the run; empty if there is no such run in this state
   */
  public Optional<Run> requestCancel(ProjectId project, ThreadId thread, RunId id) {
    return jdbc.inTransaction(
        tx -> {
          var marked =
              tx.updateReturningOne(
                  """
                  UPDATE runs SET status = 'cancelling'
                  WHERE thread_id = ? AND id = ? AND project_id = ?
                    AND (owner IS NOT NULL OR routing = 'handed') AND status IN %s
                  RETURNING %s
                  """
                      .formatted(RunStatus.sql(RunStatus.EXECUTING), RunRow.COLUMNS),
                  RunRow::read,
                  thread,
                  id,
                  project);
          marked.ifPresent(run -> recordChange(tx, Kind.CANCEL_REQUESTED, run));
          return marked;
        });
  }

  /** Makes a locked run that waited for its turn on its thread claimable. The run. */
  public Optional<Run> promote(Tx tx, RunKey waiting) {
    var promoted =
        tx.updateReturningOne(
            """
            UPDATE runs SET waiting = false, waiting_messages = NULL
            WHERE thread_id = ? AND id = ? RETURNING %s
            """
                .formatted(RunRow.COLUMNS),
            RunRow::read,
            waiting.thread(),
            waiting.run());
    promoted.ifPresent(run -> recordChange(tx, Kind.PROMOTED, run));
    return promoted;
  }

  /**
   * Makes a run claimable if it waits for its child runs and none of them is active any more. Its
   * clients see no change. The run is locked first: a child that ended in another transaction is
   * seen once that one is committed.
   *
   * @return whether it may be claimed now
   */
  public boolean wakeIfChildrenEnded(Tx tx, RunKey parent) {
    tx.one(
        "SELECT id FROM runs WHERE thread_id = ? AND id = ? FOR NO KEY UPDATE",
        row -> row.text("id"),
        parent.thread(),
        parent.run());
    return tx.update(
            """
            UPDATE runs SET routing = 'ready'
            WHERE thread_id = ? AND id = ? AND routing = 'waiting' AND NOT EXISTS (
              SELECT 1 FROM runs c WHERE c.parent_run_id = ? AND c.status IN %s)
            """
                .formatted(RunStatus.sql(RunStatus.ACTIVE)),
            parent.thread(),
            parent.run(),
            parent.run())
        > 0;
  }

  /** Counts a crash for every run that these nodes executed: the nodes stopped without notice. */
  public void countCrash(Tx tx, Collection<String> nodes) {
    tx.update(
        "UPDATE runs SET crashes = crashes + 1 WHERE owner = ANY (?) AND status IN %s"
            .formatted(RunStatus.sql(RunStatus.EXECUTING)),
        nodes);
  }

  /** Replaces the metadata. The run; empty if there is none. */
  public Optional<Run> setMetadata(
      ProjectId project, ThreadId thread, RunId id, Metadata metadata) {
    return jdbc.inTransaction(
        tx -> {
          var changed =
              tx.updateReturningOne(
                  """
                  UPDATE runs SET metadata = ? WHERE thread_id = ? AND id = ? AND project_id = ?
                  RETURNING %s
                  """
                      .formatted(RunRow.COLUMNS),
                  RunRow::read,
                  Tx.json(metadata),
                  thread,
                  id,
                  project);
          changed.ifPresent(run -> recordChange(tx, Kind.METADATA_CHANGED, run));
          return changed;
        });
  }
}
