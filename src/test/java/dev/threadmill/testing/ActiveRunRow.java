package dev.threadmill.testing;

import dev.threadmill.api.Ids;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;

/** The row of an active run that no node executes; it locks its thread. */
public final class ActiveRunRow {
  private final Jdbc jdbc;
  private final ThreadId thread;
  private final RunId run;

  private ActiveRunRow(Jdbc jdbc, ThreadId thread, RunId run) {
    this.jdbc = jdbc;
    this.thread = thread;
    this.run = run;
  }

  /**
   * Inserts one on a thread of the default project. Its owner has a valid lease, so no node takes
   * it over.
   */
  public static ActiveRunRow on(Jdbc jdbc, Ids ids, ThreadId thread) {
    jdbc.update(
        """
        INSERT INTO nodes (id, started_at, lease_until)
        VALUES ('node_of_a_test', now(), now() + interval '1 day') ON CONFLICT DO NOTHING""");
    var run = ids.run();
    jdbc.update(
        """
        INSERT INTO runs (thread_id, id, project_id, assistant_id, created_at, status, expires_at,
          model, instructions, tools, metadata, truncation_strategy, tool_choice,
          parallel_tool_calls, response_format, owner)
        VALUES (?, ?, 'proj_default', 'asst_test', now(), 'in_progress', now() + interval '1 day',
          'm', '', '[]', '{}', '{"type": "auto", "last_messages": null}', '"auto"', true, '"auto"',
          'node_of_a_test')""",
        thread,
        run);
    return new ActiveRunRow(jdbc, thread, run);
  }

  public String id() {
    return run.value();
  }

  /** Adds a row to every table of runs. */
  public void withStepAndJournal() {
    jdbc.update(
        """
        INSERT INTO run_steps (thread_id, id, project_id, run_id, assistant_id, ordinal,
          created_at, type, status)
        VALUES (?, 'step_test', 'proj_default', ?, 'asst_test', 1, now(), 'tool_calls',
          'completed')""",
        thread,
        run);
    jdbc.update(
        """
        INSERT INTO tool_calls (thread_id, id, project_id, run_id, step_id, ordinal, type, name,
          arguments, output)
        VALUES (?, 'call_test', 'proj_default', ?, 'step_test', 0, 'function', 'f', '{}', 'x')""",
        thread,
        run);
    jdbc.update(
        """
        INSERT INTO run_journal (thread_id, run_id, position, attempt, events)
        VALUES (?, ?, 0, 1, '[]')""",
        thread,
        run);
  }

  public void end() {
    jdbc.update(
        "UPDATE runs SET status = 'completed', owner = NULL WHERE thread_id = ? AND id = ?",
        thread,
        run);
  }
}
