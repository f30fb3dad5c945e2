package dev.threadmill.usage;

import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;

/** What the vector stores of projects have on each day. */
@ApplicationScoped
class StorageUsage {
  private final Jdbc jdbc;

  StorageUsage(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The bytes of one project, or of all, on one day. */
  record Row(Instant day, String project, long bytes) {}

  /** Records what there is now; the most of a day counts. */
  void sample(Instant at) {
    jdbc.update(
        """
        INSERT INTO usage_storage AS s (project_id, day, bytes)
        SELECT project_id, ?, sum(usage_bytes)::bigint FROM vector_store_files
        GROUP BY project_id HAVING sum(usage_bytes) > 0 ORDER BY project_id
        ON CONFLICT (project_id, day) DO UPDATE SET bytes = GREATEST(s.bytes, excluded.bytes)
        """,
        LocalDate.ofInstant(at, ZoneOffset.UTC));
  }

  /**
   * The bytes by day.
   *
   * @param projects only these; empty for all
   * @param byProject whether each project has rows of its own
   */
  List<Row> read(Instant from, Instant to, Set<String> projects, boolean byProject, int limit) {
    return jdbc.list(
        """
        SELECT day::timestamp AT TIME ZONE 'UTC' AS at, CASE WHEN ? THEN project_id END AS project, sum(bytes)::bigint AS bytes
        FROM usage_storage
        WHERE day >= ? AND day < ? AND (? OR project_id = ANY (?))
        GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?
        """,
        row -> new Row(row.instant("at"), row.text("project"), row.bigint("bytes")),
        byProject,
        LocalDate.ofInstant(from, ZoneOffset.UTC),
        LocalDate.ofInstant(to, ZoneOffset.UTC),
        projects.isEmpty(),
        projects,
        limit);
  }

  /** Deletes days that are older than the retention. */
  void deleteOld(Instant at, Duration retention) {
    jdbc.update(
        "DELETE FROM usage_storage WHERE day < ?",
        LocalDate.ofInstant(at.minus(retention), ZoneOffset.UTC));
  }
}
