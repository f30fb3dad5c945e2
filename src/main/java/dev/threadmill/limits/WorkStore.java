package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Counts tool calls and reserves the time of runs, each in one statement that locks the counters of
 * every scope in the order of (scope, scope_id). So no two nodes take the same.
 */
@ApplicationScoped
class WorkStore {
  /** What is left of the budgets of each scope, behind a CTE named request; null is unlimited. */
  private static final String STATE =
      """
      state AS (
        SELECT r.*, w.project_id, w.scope, w.scope_id,
          LEAST(
            l.day_tool_calls - CASE WHEN w.day < r.on_day THEN 0 ELSE w.day_tool_calls END,
            l.month_tool_calls - CASE WHEN w.month < r.in_month THEN 0 ELSE w.month_tool_calls END,
            l.total_tool_calls - w.total_tool_calls) AS calls_left,
          LEAST(
            l.day_seconds * 1000 - CASE WHEN w.day < r.on_day THEN 0 ELSE w.day_millis END,
            l.month_seconds * 1000 - CASE WHEN w.month < r.in_month THEN 0 ELSE w.month_millis END,
            l.total_seconds * 1000 - w.total_millis) - w.reserved_millis AS millis_left
        FROM request r CROSS JOIN unnest(?::text[], ?::text[]) AS s (scope, scope_id)
        JOIN work_counters w
          ON w.project_id = ? AND w.scope = s.scope AND w.scope_id = s.scope_id
        JOIN usage_limits l
          ON l.project_id = w.project_id AND l.scope = w.scope AND l.scope_id = w.scope_id
        ORDER BY w.scope, w.scope_id
        FOR NO KEY UPDATE OF w)
      """;

  /** Counts what the CTE named counted has. */
  private static final String COUNT =
      """
      UPDATE work_counters w SET
        day_tool_calls = CASE WHEN w.day < c.on_day THEN 0 ELSE w.day_tool_calls END + c.calls,
        day_millis = CASE WHEN w.day < c.on_day THEN 0 ELSE w.day_millis END + c.millis,
        day = GREATEST(w.day, c.on_day),
        month_tool_calls = CASE WHEN w.month < c.in_month THEN 0 ELSE w.month_tool_calls END + c.calls,
        month_millis = CASE WHEN w.month < c.in_month THEN 0 ELSE w.month_millis END + c.millis,
        month = GREATEST(w.month, c.in_month),
        total_tool_calls = w.total_tool_calls + c.calls,
        total_millis = w.total_millis + c.millis,
        reserved_millis = w.reserved_millis - c.reserved
      FROM counted c
      WHERE w.project_id = c.project_id AND w.scope = c.scope AND w.scope_id = c.scope_id
      """;

  private static final String TAKE_CALLS =
      """
      WITH request AS (SELECT ?::date AS on_day, ?::date AS in_month, ?::bigint AS calls),
      %s,
      refused AS (SELECT scope FROM state WHERE calls_left < calls),
      counted AS (
        SELECT project_id, scope, scope_id, on_day, in_month, calls, 0::bigint AS millis,
          0::bigint AS reserved
        FROM state WHERE NOT EXISTS (SELECT 1 FROM refused)),
      updated AS (%s)
      SELECT scope FROM refused
      """
          .formatted(STATE, COUNT);

  private static final String RESERVE_TIME =
      """
      WITH request AS (
        SELECT ?::date AS on_day, ?::date AS in_month, ?::text AS id, ?::bigint AS wanted,
          ?::timestamptz AS expires_at),
      %s,
      decision AS (
        SELECT LEAST(min(wanted), min(millis_left)) AS granted FROM state HAVING count(*) > 0),
      updated AS (
        UPDATE work_counters w SET reserved_millis = w.reserved_millis + d.granted
        FROM state s CROSS JOIN decision d
        WHERE d.granted > 0
          AND w.project_id = s.project_id AND w.scope = s.scope AND w.scope_id = s.scope_id
        RETURNING w.project_id, w.scope, w.scope_id, d.granted),
      recorded AS (
        INSERT INTO work_reservations (project_id, id, scope, scope_id, millis, expires_at)
        SELECT u.project_id, r.id, u.scope, u.scope_id, u.granted, r.expires_at
        FROM updated u CROSS JOIN request r)
      SELECT d.granted, (SELECT scope FROM state ORDER BY millis_left LIMIT 1) AS scope FROM decision d
      """
          .formatted(STATE);

  /** Behind a CTE named deleted: counts reservations with what was used of them. */
  private static final String COUNT_DELETED =
      """
      , used AS (
        SELECT project_id, scope, scope_id, ?::date AS on_day, ?::date AS in_month,
          0::bigint AS calls, sum(LEAST(millis, ?::bigint))::bigint AS millis,
          sum(millis)::bigint AS reserved
        FROM deleted GROUP BY project_id, scope, scope_id),
      counted AS (
        SELECT u.* FROM used u JOIN work_counters w
          ON w.project_id = u.project_id AND w.scope = u.scope AND w.scope_id = u.scope_id
        ORDER BY w.scope, w.scope_id FOR NO KEY UPDATE OF w)
      """
          + COUNT;

  private static final String SETTLE =
      """
      WITH deleted AS (
        DELETE FROM work_reservations WHERE project_id = ? AND id = ? RETURNING *)
      """
          + COUNT_DELETED;

  private static final String EXPIRE =
      """
      WITH deleted AS (
        DELETE FROM work_reservations WHERE project_id = ? AND expires_at <= ? RETURNING *)
      """
          + COUNT_DELETED;

  /**
   * Counts tool calls in all of these scopes, or in none.
   *
   * @return the kind of the scope whose budget does not cover them; empty if they are counted
   */
  Optional<LimitScope.Kind> takeCalls(Tx tx, List<LimitScope> scopes, int calls, Instant at) {
    return tx.updateReturningOne(
        TAKE_CALLS,
        row -> row.enumValue("scope", LimitScope.Kind.class),
        LimitsStore.day(at),
        LimitsStore.month(at),
        (long) calls,
        LimitScope.kinds(scopes),
        LimitScope.ids(scopes),
        scopes.getFirst().project());
  }

  /**
   * What came of an attempt to reserve time.
   *
   * @param millis 0 or less if a budget is used up
   * @param scope the kind of the scope that has the least left
   */
  record Granted(long millis, LimitScope.Kind scope) {
    private static Granted read(Row row) throws SQLException {
      return new Granted(row.bigint("granted"), row.enumValue("scope", LimitScope.Kind.class));
    }
  }

  /**
   * Reserves as much time as all of these scopes have, at most what is wanted; empty if none counts
   * time.
   */
  Optional<Granted> reserveTime(
      Tx tx, List<LimitScope> scopes, String id, Duration wanted, Instant expires, Instant at) {
    return tx.updateReturningOne(
        RESERVE_TIME,
        Granted::read,
        LimitsStore.day(at),
        LimitsStore.month(at),
        id,
        wanted.toMillis(),
        expires,
        LimitScope.kinds(scopes),
        LimitScope.ids(scopes),
        scopes.getFirst().project());
  }

  /** Returns the reservation and counts what was used of it. */
  void settleTime(Tx tx, ProjectId project, String id, Duration used, Instant at) {
    tx.update(SETTLE, project, id, LimitsStore.day(at), LimitsStore.month(at), used.toMillis());
  }

  /** Counts reservations as used in full that were not settled in time. */
  void expire(Tx tx, ProjectId project, Instant at) {
    tx.update(EXPIRE, project, at, LimitsStore.day(at), LimitsStore.month(at), Long.MAX_VALUE);
  }
}
