package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jboss.logging.Logger;

/** The retention time of each project, and the deletion of older memories. */
@ApplicationScoped
class Retention {
  private static final Logger LOG = Logger.getLogger(Retention.class);
  private static final int AT_ONCE = 1_000;

  private final Jdbc jdbc;
  private final InstantSource clock;

  Retention(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /** The retention in days; empty if it is unlimited. */
  Optional<Integer> of(ProjectId project) {
    return jdbc.one(
        "SELECT days FROM memory_retention WHERE project_id = ?",
        row -> row.integer("days"),
        project);
  }

  /**
   * Sets the retention.
   *
   * @param days null if it is unlimited
   */
  void set(ProjectId project, Integer days) {
    if (days == null) {
      jdbc.update("DELETE FROM memory_retention WHERE project_id = ?", project);
    } else {
      jdbc.update(
          """
          INSERT INTO memory_retention (project_id, days) VALUES (?, ?)
          ON CONFLICT (project_id) DO UPDATE SET days = excluded.days
          """,
          project,
          days);
    }
  }

  private record Term(ProjectId project, int days) {}

  /** Deletes memories that are too old, in batches. */
  void sweep() {
    var terms =
        jdbc.list(
            "SELECT project_id, days FROM memory_retention ORDER BY project_id",
            row -> new Term(row.text("project_id", ProjectId::new), row.integer("days")));
    for (var term : terms) {
      var before = clock.instant().minus(Duration.ofDays(term.days()));
      int forgotten;
      int all = 0;
      do {
        forgotten = forget(term.project(), before);
        all += forgotten;
      } while (forgotten == AT_ONCE);
      if (all > 0) {
        LOG.infof("retention project_id=%s days=%d forgotten=%d", term.project(), term.days(), all);
      }
    }
  }

  private int forget(ProjectId project, Instant before) {
    return jdbc.inTransaction(
        tx -> {
          tx.update(
              "DELETE FROM memory_facts WHERE project_id = ? AND updated_at < ?", project, before);
          tx.update(
              "DELETE FROM memory_summaries WHERE project_id = ? AND created_at < ?",
              project,
              before);
          return tx.updateReturningOne(
                  """
                  WITH old AS (
                    SELECT thread_id, source_id, part, model FROM memory_index
                    WHERE project_id = ? AND created_at < ? LIMIT ?
                  ), deleted AS (
                    DELETE FROM memory_index i USING old o
                    WHERE i.thread_id = o.thread_id AND i.source_id = o.source_id
                      AND i.part = o.part AND i.model = o.model
                    RETURNING i.thread_id, i.source_id, i.project_id, i.source_type
                  ), kept AS (
                    INSERT INTO memory_forgotten (thread_id, message_id, project_id)
                    SELECT DISTINCT thread_id, source_id, project_id FROM deleted
                    WHERE source_type = 'message'
                    ON CONFLICT DO NOTHING)
                  SELECT count(*) AS pieces FROM deleted
                  """,
                  row -> row.integer("pieces"),
                  project,
                  before,
                  AT_ONCE)
              .orElseThrow();
        });
  }
}
