package dev.threadmill.tools.filesearch;

import dev.threadmill.db.Jdbc;
import dev.threadmill.tools.ToolContext;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Numbers the searches of a thread, from 1, for the markers of their results. A call is stored
 * before it is executed, so its number is the same however often it is.
 */
@ApplicationScoped
class NumberSearches {
  private final Jdbc jdbc;

  NumberSearches(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  int of(ToolContext context) {
    return jdbc.one(
            """
            SELECT count(*) AS number
            FROM (SELECT s.created_at, s.id, c.ordinal
                  FROM tool_calls c JOIN run_steps s ON s.thread_id = c.thread_id AND s.id = c.step_id
                  WHERE c.thread_id = ? AND c.id = ?) own,
              tool_calls o JOIN run_steps os ON os.thread_id = o.thread_id AND os.id = o.step_id
            WHERE o.thread_id = ? AND o.type = 'file_search'
              AND (os.created_at, os.id, o.ordinal) <= (own.created_at, own.id, own.ordinal)
            """,
            row -> row.integer("number"),
            context.thread(),
            context.call(),
            context.thread())
        .orElse(1);
  }
}
