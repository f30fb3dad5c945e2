package dev.threadmill.runs;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.threads.ContentPart;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The runs that a run has routed messages to, and the waking of the one that waits for them.
 *
 * <p>A child locks its parent after itself, never the other way round: what reaches down, such as a
 * cancellation, does so in transactions of its own.
 */
@ApplicationScoped
public class ChildRuns {
  private static final TypeReference<List<ContentPart>> CONTENT = new TypeReference<>() {};

  private final Jdbc jdbc;
  private final CompleteHandoff endHandedOver;
  private final RunSignals signals;

  ChildRuns(Jdbc jdbc, CompleteHandoff endHandedOver, RunSignals signals) {
    this.jdbc = jdbc;
    this.endHandedOver = endHandedOver;
    this.signals = signals;
  }

  /**
   * What has come of a child so far.
   *
   * @param answer what it said last; empty if it has said nothing
   */
  record Child(
      RunStatus status, RunError error, String incompleteReason, Usage usage, String answer) {}

  /** The children of a run, by the id of the call that each of them works on. */
  Map<String, Child> of(Run parent) {
    var children = new HashMap<String, Child>();
    jdbc.list(
        """
        SELECT r.parent_call_id, r.status, r.last_error, r.incomplete_reason, r.prompt_tokens,
          r.completion_tokens, said.content
        FROM runs r
        LEFT JOIN LATERAL (
          SELECT m.content FROM messages m
          WHERE m.thread_id = r.thread_id AND m.run_id = r.id AND m.role = 'assistant'
            AND m.created_at >= r.created_at
          ORDER BY m.created_at DESC, m.id DESC LIMIT 1) said ON true
        WHERE r.parent_run_id = ? AND r.parent_thread_id = ?
        """,
        row -> children.put(row.text("parent_call_id"), read(row)),
        parent.id(),
        parent.threadId());
    return children;
  }

  private static Child read(Row row) throws SQLException {
    var content = row.json("content", CONTENT);
    return new Child(
        row.enumValue("status", RunStatus.class),
        row.json("last_error", RunError.class),
        row.text("incomplete_reason"),
        new Usage(row.integer("prompt_tokens"), row.integer("completion_tokens")),
        content == null ? "" : ContentPart.textOf(content));
  }

  /** How many runs a tree has below its root. */
  int countBelow(RunId root) {
    return jdbc.one(
            "SELECT count(*)::int AS n FROM runs WHERE root_run_id = ?",
            row -> row.integer("n"),
            root)
        .orElseThrow();
  }

  /**
   * The thread in which the assistant last worked for the caller's thread, if nobody uses it.
   *
   * @param taken threads that are not to be taken
   */
  Optional<ThreadId> lastThread(Run caller, AssistantId target, Collection<ThreadId> taken) {
    return jdbc.one(
        """
        SELECT r.thread_id FROM runs r JOIN threads t ON t.id = r.thread_id
        WHERE r.parent_thread_id = ? AND r.assistant_id = ? AND r.project_id = ?
          AND t.status = 'active' AND active_run(r.thread_id) IS NULL AND NOT r.thread_id = ANY (?)
        ORDER BY r.created_at DESC LIMIT 1
        """,
        row -> row.text("thread_id", ThreadId::new),
        caller.threadId(),
        target,
        caller.projectId(),
        taken);
  }

  /**
   * What keeps a run from beginning on a thread.
   *
   * @param isBusy whether another run is active there
   */
  record Place(boolean isArchived, boolean isBusy) {}

  /** The state of a thread; empty if the project has none of this id. */
  Optional<Place> place(ProjectId project, ThreadId thread) {
    return jdbc.one(
        """
        SELECT status, active_run(id) IS NOT NULL AS busy FROM threads
        WHERE id = ? AND project_id = ?
        """,
        row -> new Place(row.text("status").equals("archived"), row.bool("busy")),
        thread,
        project);
  }

  /** A run and its thread. */
  public record Key(ThreadId thread, RunId run) {}

  /** The children of a run that have not ended. */
  List<Key> active(Run parent) {
    return jdbc.list(
        """
        SELECT thread_id, id FROM runs
        WHERE parent_run_id = ? AND parent_thread_id = ?
          AND status IN ('queued', 'in_progress', 'requires_action', 'cancelling')
        """,
        ChildRuns::key,
        parent.id(),
        parent.threadId());
  }

  private static Key key(Row row) throws SQLException {
    return new Key(row.text("thread_id", ThreadId::new), row.text("id", RunId::new));
  }

  /** The run that answers in place of this one, if it has handed over. */
  public Optional<Key> handedTo(Run run) {
    return jdbc.one(
        "SELECT thread_id, id FROM runs WHERE parent_run_id = ? AND parent_thread_id = ? AND handoff",
        ChildRuns::key,
        run.id(),
        run.threadId());
  }

  /** Whether a locked run has handed over and has not ended yet. */
  boolean isHandedOver(Tx tx, Run run) {
    return tx.one(
            "SELECT 1 AS one FROM runs WHERE thread_id = ? AND id = ? AND routing = 'handed'",
            row -> row.integer("one"),
            run.threadId(),
            run.id())
        .isPresent();
  }

  /** A run of this project that goes on although the one that wanted its answer has ended. */
  record Orphan(ProjectId project, Key key) {}

  List<Orphan> orphans(int most) {
    return jdbc.list(
        """
        SELECT c.project_id, c.thread_id, c.id FROM runs c
        LEFT JOIN runs p ON p.thread_id = c.parent_thread_id AND p.id = c.parent_run_id
        WHERE c.parent_run_id IS NOT NULL AND c.status IN ('queued', 'in_progress', 'requires_action')
          AND (p.id IS NULL OR c.handoff AND p.status = 'cancelling'
            OR p.status IN ('completed', 'failed', 'cancelled', 'expired', 'incomplete'))
        LIMIT ?
        """,
        row -> new Orphan(row.text("project_id", ProjectId::new), key(row)),
        most);
  }

  /**
   * A run has ended in this transaction: its parent, if it has one and this was the last it waited
   * for, may be claimed from here on, or has ended with it.
   */
  void ended(Tx tx, Run child) {
    var origin = child.settings().origin();
    if (origin == null) {
      return;
    }
    if (origin.isHandoff()) {
      endHandedOver.end(tx, child);
      return;
    }
    // The lock first: what is looked for then is what was committed before it was ours.
    tx.one(
        "SELECT id FROM runs WHERE thread_id = ? AND id = ? FOR NO KEY UPDATE",
        row -> row.text("id"),
        origin.parentThread(),
        origin.parent());
    wakeIfAllEnded(tx, origin.parentThread(), origin.parent());
  }

  /** Lets a locked run be claimed if it waits and none of its children is active. */
  void wakeIfAllEnded(Tx tx, ThreadId thread, RunId run) {
    int woken =
        tx.update(
            """
            UPDATE runs SET routing = 'ready'
            WHERE thread_id = ? AND id = ? AND routing = 'waiting' AND NOT EXISTS (
              SELECT 1 FROM runs c WHERE c.parent_run_id = ?
                AND c.status IN ('queued', 'in_progress', 'requires_action', 'cancelling'))
            """,
            thread,
            run,
            run);
    if (woken > 0) {
      tx.afterCommit(signals::workAvailable);
    }
  }
}
