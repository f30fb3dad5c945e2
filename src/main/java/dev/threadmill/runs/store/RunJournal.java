package dev.threadmill.runs.store;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/**
 * The table {@code run_journal}: the events of a run that are not part of a committed step yet. The
 * transaction that commits the step deletes them.
 */
@ApplicationScoped
public class RunJournal {
  private static final String ALL =
      """
      SELECT position, attempt, events, position AS last FROM run_journal
      WHERE thread_id = ? AND run_id = ? ORDER BY position
      """;

  /** From the entry that holds a position on, up to a number of bytes after that position. */
  private static final String PART =
      """
      SELECT position, attempt, events, last FROM (
        SELECT position, attempt, events, max(position) OVER () AS last,
          coalesce(sum(octet_length(events)) FILTER (WHERE position > ?) OVER (
            ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM run_journal
        WHERE thread_id = ? AND run_id = ? AND position >= coalesce((
          SELECT max(position) FROM run_journal
          WHERE thread_id = ? AND run_id = ? AND position <= ?), 0)) pieces
      WHERE before < ? ORDER BY position
      """;

  private final Jdbc jdbc;

  public RunJournal(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * An entry to be written.
   *
   * @param position where it begins
   * @param attempt of the run that writes it
   * @param events in the format of {@link JournalFormat}
   */
  public record NewEntry(RunKey run, long position, int attempt, String events) {}

  /** What a statement does about a run that another transaction has locked. */
  public enum WhenLocked {
    /** It leaves the entries of that run out. */
    SKIP("SKIP LOCKED"),
    /**
     * It waits for that transaction, and keeps the other runs of the statement locked meanwhile.
     */
    WAIT("");

    private final String sql;

    WhenLocked(String sql) {
      this.sql = sql;
    }
  }

  /**
   * Writes entries of runs that the attempts still own. The rows of the runs are locked against a
   * takeover until the commit. An entry that exists already is replaced: the connection may have
   * broken in the commit that wrote it.
   *
   * @param whenLocked what to do about runs that another transaction has locked
   * @return the ids of the runs whose entries were written
   */
  public List<String> write(List<NewEntry> entries, WhenLocked whenLocked) {
    return jdbc.inTransaction(
        tx ->
            tx.updateReturning(
                """
                WITH entries AS (
                  SELECT * FROM unnest(?::text[], ?::text[], ?::text[]::bigint[],
                                       ?::text[]::integer[], ?::text[])
                    AS n (thread_id, run_id, position, attempt, events)),
                ours AS (
                  SELECT n.*
                  FROM runs r JOIN entries n ON r.thread_id = n.thread_id AND r.id = n.run_id
                  WHERE r.attempt = n.attempt AND r.status IN %s AND r.owner IS NOT NULL
                  FOR SHARE OF r %s)
                INSERT INTO run_journal (thread_id, run_id, position, attempt, events)
                SELECT thread_id, run_id, position, attempt, events FROM ours
                ON CONFLICT (thread_id, run_id, position)
                  DO UPDATE SET attempt = excluded.attempt, events = excluded.events
                RETURNING run_id
                """
                    .formatted(RunStatus.sql(RunStatus.EXECUTING), whenLocked.sql),
                row -> row.text("run_id"),
                entries.stream().map(entry -> entry.run().thread()).toList(),
                entries.stream().map(entry -> entry.run().run()).toList(),
                entries.stream().map(NewEntry::position).toList(),
                entries.stream().map(NewEntry::attempt).toList(),
                entries.stream().map(NewEntry::events).toList()));
  }

  /**
   * The journal of a run from the entry on that holds a position.
   *
   * @param maxBytes about how many bytes to read beyond {@code seen}
   */
  public List<StoredRun.JournalEntry> read(
      ThreadId thread, RunId run, long from, long seen, int maxBytes) {
    return jdbc.list(PART, RunJournal::entry, seen, thread, run, thread, run, from, maxBytes);
  }

  /** The events of a locked run that are in the journal and not yet in its event log. */
  public List<RunEvent> uncommitted(Tx tx, Run run) {
    var journal = tx.list(ALL, RunJournal::entry, run.threadId(), run.id());
    var events = new StoredRun(run, List.of(), Map.of(), null, journal, null).events();
    return events.subList(EventLog.parse(run.eventLog()).size(), events.size());
  }

  /** Deletes the journal of a run whose rows contain the same. */
  public void delete(Tx tx, Run run) {
    tx.defer(
        "DELETE FROM run_journal WHERE thread_id = ? AND run_id = ?", run.threadId(), run.id());
  }

  private static StoredRun.JournalEntry entry(Row row) throws SQLException {
    return new StoredRun.JournalEntry(
        row.bigint("position"),
        row.integer("attempt"),
        row.text("events"),
        row.bigint("position") == row.bigint("last"));
  }
}
