package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Money;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/** The rows of limits, and of what is used of them. */
@ApplicationScoped
class LimitsStore {
  private static final String LIMITS =
      """
      requests_per_minute, tokens_per_minute, concurrent_threads, day_tokens, day_cost,
      month_tokens, month_cost, total_tokens, total_cost, count_usage
      """;

  private static final String USED =
      """
      CASE WHEN u.day < ? THEN 0 ELSE u.day_tokens END AS day_tokens,
      CASE WHEN u.day < ? THEN 0 ELSE u.day_cost END AS day_cost,
      CASE WHEN u.month < ? THEN 0 ELSE u.month_tokens END AS month_tokens,
      CASE WHEN u.month < ? THEN 0 ELSE u.month_cost END AS month_cost,
      u.total_tokens, u.total_cost, u.reserved_tokens, u.reserved_cost,
      bucket_left(u.requests_left, u.requests_at, l.requests_per_minute, ?) AS requests_left,
      bucket_left(u.tokens_left, u.tokens_at, l.tokens_per_minute, ?) AS tokens_left
      """;

  private final Jdbc jdbc;

  LimitsStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The first day of a period, in UTC. */
  static LocalDate day(Instant at) {
    return LocalDate.ofInstant(at, ZoneOffset.UTC);
  }

  static LocalDate month(Instant at) {
    return day(at).withDayOfMonth(1);
  }

  Limits limits(ProjectId project) {
    return jdbc.one(
            "SELECT " + LIMITS + " FROM project_limits WHERE project_id = ?",
            LimitsStore::readLimits,
            project)
        .orElse(Limits.NONE);
  }

  /** The limits, locked until the transaction ends. */
  Limits lock(Tx tx, ProjectId project) {
    tx.update(
        """
        INSERT INTO project_limits (project_id) VALUES (?) ON CONFLICT DO NOTHING
        """,
        project);
    return tx.one(
            "SELECT " + LIMITS + " FROM project_limits WHERE project_id = ? FOR UPDATE",
            LimitsStore::readLimits,
            project)
        .orElseThrow();
  }

  /** Sets the limits, and begins to count if it is the first time. */
  void set(Tx tx, ProjectId project, Limits limits, Instant at) {
    tx.update(
        """
        UPDATE project_limits SET requests_per_minute = ?, tokens_per_minute = ?,
          concurrent_threads = ?, day_tokens = ?, day_cost = ?, month_tokens = ?, month_cost = ?,
          total_tokens = ?, total_cost = ?, count_usage = ?
        WHERE project_id = ?
        """,
        limits.requestsPerMinute(),
        limits.tokensPerMinute(),
        limits.concurrentThreads(),
        limits.day().tokens(),
        nanos(limits.day().cost()),
        limits.month().tokens(),
        nanos(limits.month().cost()),
        limits.total().tokens(),
        nanos(limits.total().cost()),
        limits.countUsage(),
        project);
    tx.update(
        """
        INSERT INTO project_usage (project_id, day, month, requests_at, tokens_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        project,
        day(at),
        month(at),
        at,
        at);
  }

  /** What is used, which is nothing if it was never counted. */
  CurrentUsage usage(ProjectId project, Instant at) {
    return jdbc.one(
            "SELECT "
                + USED
                + """
                FROM project_usage u JOIN project_limits l ON l.project_id = u.project_id
                WHERE u.project_id = ?
                """,
            row -> readUsage(row, at),
            day(at),
            day(at),
            month(at),
            month(at),
            at,
            at,
            project)
        .orElse(CurrentUsage.none(at));
  }

  /** Takes one request from its bucket. What is used now; empty if there is none left. */
  Optional<CurrentUsage> takeRequest(ProjectId project, Instant at) {
    return jdbc.one(
        """
        UPDATE project_usage u SET
          requests_left =
            bucket_left(u.requests_left, u.requests_at, l.requests_per_minute, ?) - 1,
          requests_at = GREATEST(u.requests_at, ?)
        FROM project_limits l
        WHERE u.project_id = ? AND l.project_id = u.project_id
          AND bucket_left(u.requests_left, u.requests_at, l.requests_per_minute, ?) >= 1
        RETURNING
        """
            + USED,
        row -> readUsage(row, at),
        at,
        at,
        project,
        at,
        day(at),
        day(at),
        month(at),
        month(at),
        at,
        at);
  }

  /** How many runs of the project are under way, on any node. */
  int activeRuns(ProjectId project) {
    return jdbc.one(
            """
            SELECT count(*)::int AS runs FROM runs
            WHERE project_id = ? AND status IN ('in_progress', 'cancelling')
              AND parent_run_id IS NULL
            """,
            row -> row.integer("runs"),
            project)
        .orElseThrow();
  }

  static CurrentUsage readUsage(Row row, Instant at) throws SQLException {
    return new CurrentUsage(
        readAmount(row, "day"),
        readAmount(row, "month"),
        readAmount(row, "total"),
        readAmount(row, "reserved"),
        row.float8("requests_left"),
        row.float8("tokens_left"),
        at);
  }

  private static CurrentUsage.Amount readAmount(Row row, String what) throws SQLException {
    return new CurrentUsage.Amount(
        row.bigint(what + "_tokens"), new Money(row.bigint(what + "_cost")));
  }

  private static Limits readLimits(Row row) throws SQLException {
    return new Limits(
        row.integer("requests_per_minute"),
        row.integer("tokens_per_minute"),
        row.integer("concurrent_threads"),
        readBudget(row, "day"),
        readBudget(row, "month"),
        readBudget(row, "total"),
        row.bool("count_usage"));
  }

  private static Limits.Budget readBudget(Row row, String period) throws SQLException {
    var cost = row.bigint(period + "_cost");
    return new Limits.Budget(row.bigint(period + "_tokens"), cost == null ? null : new Money(cost));
  }

  private static Long nanos(Money money) {
    return money == null ? null : money.nanos();
  }
}
