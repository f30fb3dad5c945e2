package dev.threadmill.limits;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Money;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The rows of limits and of usage, by scope. */
@ApplicationScoped
class LimitsStore {
  private static final String LIMITS =
      """
      l.requests_per_minute, l.tokens_per_minute, l.concurrent_threads, l.day_tokens AS day_limit,
      l.day_cost AS day_cost_limit, l.month_tokens AS month_limit,
      l.month_cost AS month_cost_limit, l.total_tokens AS total_limit,
      l.total_cost AS total_cost_limit, l.count_usage, l.alerts,
      l.day_tool_calls AS day_tool_calls_limit, l.month_tool_calls AS month_tool_calls_limit,
      l.total_tool_calls AS total_tool_calls_limit, l.day_seconds AS day_seconds_limit,
      l.month_seconds AS month_seconds_limit, l.total_seconds AS total_seconds_limit
      """;

  private static final String STATE =
      "u.project_id, u.scope, u.scope_id, "
          + LIMITS
          + """
          , CASE WHEN u.day < ? THEN 0 ELSE u.day_tokens END AS day_tokens,
          CASE WHEN u.day < ? THEN 0 ELSE u.day_cost END AS day_cost,
          CASE WHEN u.month < ? THEN 0 ELSE u.month_tokens END AS month_tokens,
          CASE WHEN u.month < ? THEN 0 ELSE u.month_cost END AS month_cost,
          u.total_tokens, u.total_cost, u.reserved_tokens, u.reserved_cost,
          bucket_left(u.requests_left, u.requests_at, l.requests_per_minute, ?) AS requests_left,
          bucket_left(u.tokens_left, u.tokens_at, l.tokens_per_minute, ?) AS tokens_left
          , u.bursts,
          CASE WHEN w.day < ? THEN 0 ELSE COALESCE(w.day_tool_calls, 0) END AS day_tool_calls,
          CASE WHEN w.day < ? THEN 0 ELSE COALESCE(w.day_millis, 0) END AS day_millis,
          CASE WHEN w.month < ? THEN 0 ELSE COALESCE(w.month_tool_calls, 0) END AS month_tool_calls,
          CASE WHEN w.month < ? THEN 0 ELSE COALESCE(w.month_millis, 0) END AS month_millis,
          COALESCE(w.total_tool_calls, 0) AS total_tool_calls,
          COALESCE(w.total_millis, 0) AS total_millis,
          0::bigint AS reserved_tool_calls, COALESCE(w.reserved_millis, 0) AS reserved_millis
          FROM unnest(?::text[], ?::text[]) AS s (scope, scope_id)
          JOIN usage_counters u
            ON u.project_id = ? AND u.scope = s.scope AND u.scope_id = s.scope_id
          JOIN usage_limits l
            ON l.project_id = u.project_id AND l.scope = u.scope AND l.scope_id = u.scope_id
          LEFT JOIN work_counters w
            ON w.project_id = u.project_id AND w.scope = u.scope AND w.scope_id = u.scope_id
          """;

  private static final String TAKE_REQUEST =
      """
      WITH state AS (
        SELECT %s
        ORDER BY u.scope, u.scope_id FOR NO KEY UPDATE OF u),
      decision AS (SELECT bool_and(COALESCE(requests_left >= 1, true)) AS admitted FROM state),
      taken AS (
        UPDATE usage_counters u
        SET requests_left = s.requests_left - 1, requests_at = GREATEST(u.requests_at, ?)
        FROM state s CROSS JOIN decision d
        WHERE d.admitted AND s.requests_left IS NOT NULL
          AND u.project_id = s.project_id AND u.scope = s.scope AND u.scope_id = s.scope_id
        RETURNING u.scope, u.scope_id, u.requests_left)
      SELECT s.*, d.admitted, COALESCE(t.requests_left, s.requests_left) AS requests_now
      FROM state s CROSS JOIN decision d
      LEFT JOIN taken t ON t.scope = s.scope AND t.scope_id = s.scope_id
      """
          .formatted(STATE);

  private static final TypeReference<List<BigDecimal>> SHARES = new TypeReference<>() {};

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

  /** The kinds of scopes that have limits in a project, without those of single runs. */
  Set<LimitScope.Kind> kinds(ProjectId project) {
    return Set.copyOf(
        jdbc.list(
            """
            SELECT k.scope FROM unnest(?::text[]) AS k (scope)
            WHERE EXISTS (
              SELECT 1 FROM usage_limits l WHERE l.project_id = ? AND l.scope = k.scope)
            """,
            row -> row.enumValue("scope", LimitScope.Kind.class),
            List.of("project", "key", "user", "assistant", "thread"),
            project));
  }

  /** The limits of all scopes of the payer that have any. */
  PayerLimits limits(Payer payer) {
    var scopes = payer.scopes();
    return new PayerLimits(
        jdbc.list(
            "SELECT l.project_id, l.scope, l.scope_id, "
                + LIMITS
                + """
                 FROM (
                  SELECT scope, scope_id FROM unnest(?::text[], ?::text[]) AS named (scope, scope_id)
                  UNION
                  SELECT 'user', metadata ->> 'user' FROM threads
                  WHERE id = ? AND project_id = ? AND metadata ->> 'user' IS NOT NULL) AS s
                JOIN usage_limits l
                  ON l.project_id = ? AND l.scope = s.scope AND l.scope_id = s.scope_id
                ORDER BY l.scope = 'project' DESC, l.scope
                """,
            row -> new PayerLimits.Scoped(readScope(row), readLimits(row)),
            LimitScope.kinds(scopes),
            LimitScope.ids(scopes),
            payer.thread(),
            payer.project(),
            payer.project()));
  }

  /**
   * The limits of a scope, which get a row if they have none, locked until the transaction ends.
   */
  Limits lock(Tx tx, LimitScope scope) {
    tx.defer(
        """
        INSERT INTO usage_limits (project_id, scope, scope_id) VALUES (?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        scope.project(),
        scope.kind(),
        scope.id());
    return tx.one(
            "SELECT "
                + LIMITS
                + """
                 FROM usage_limits l WHERE project_id = ? AND scope = ? AND scope_id = ?
                FOR UPDATE
                """,
            LimitsStore::readLimits,
            scope.project(),
            scope.kind(),
            scope.id())
        .orElseThrow();
  }

  /** Sets the one budget of a new scope. */
  void setTotal(Tx tx, LimitScope scope, Limits.Budget budget, Instant at) {
    tx.defer(
        """
        INSERT INTO usage_limits (project_id, scope, scope_id, total_tokens, total_cost)
        VALUES (?, ?, ?, ?, ?)
        """,
        scope.project(),
        scope.kind(),
        scope.id(),
        budget.tokens(),
        nanos(budget.cost()));
    startCounting(tx, scope, at);
  }

  /** Adds a burst, without those that ended so long ago that no call uses them any more. */
  void addBurst(Tx tx, LimitScope scope, Burst burst, Instant at) {
    startCounting(tx, scope, at);
    tx.defer(
        """
        UPDATE usage_counters SET bursts = (
          SELECT COALESCE(jsonb_agg(b), '[]') FROM jsonb_array_elements(COALESCE(bursts, '[]')) AS b
          WHERE (b ->> 'expires_at')::bigint > ?) || ?
        WHERE project_id = ? AND scope = ? AND scope_id = ?
        """,
        at.minus(Burst.LIFETIME).getEpochSecond(),
        Tx.json(List.of(burst.stored())),
        scope.project(),
        scope.kind(),
        scope.id());
  }

  /** Deletes the limits of a scope and what was counted of it. */
  void delete(Tx tx, LimitScope scope) {
    tx.defer(
        """
        WITH gone AS (SELECT ?::text AS project_id, ?::text AS scope, ?::text AS scope_id),
        calls AS (DELETE FROM usage_reservations t USING gone g
          WHERE (t.project_id, t.scope, t.scope_id) = (g.project_id, g.scope, g.scope_id)),
        times AS (DELETE FROM work_reservations t USING gone g
          WHERE (t.project_id, t.scope, t.scope_id) = (g.project_id, g.scope, g.scope_id)),
        work AS (DELETE FROM work_counters t USING gone g
          WHERE (t.project_id, t.scope, t.scope_id) = (g.project_id, g.scope, g.scope_id)),
        counters AS (DELETE FROM usage_counters t USING gone g
          WHERE (t.project_id, t.scope, t.scope_id) = (g.project_id, g.scope, g.scope_id)),
        alerts AS (DELETE FROM budget_alerts t USING gone g
          WHERE (t.project_id, t.scope, t.scope_id) = (g.project_id, g.scope, g.scope_id))
        DELETE FROM usage_limits t USING gone g
        WHERE (t.project_id, t.scope, t.scope_id) = (g.project_id, g.scope, g.scope_id)
        """,
        scope.project(),
        scope.kind(),
        scope.id());
  }

  /** Sets the limits, and starts counting the first time. */
  void set(Tx tx, LimitScope scope, Limits limits, Instant at) {
    tx.defer(
        """
        UPDATE usage_limits SET requests_per_minute = ?, tokens_per_minute = ?,
          concurrent_threads = ?, day_tokens = ?, day_cost = ?, month_tokens = ?, month_cost = ?,
          total_tokens = ?, total_cost = ?, count_usage = ?, alerts = ?, day_tool_calls = ?,
          month_tool_calls = ?, total_tool_calls = ?, day_seconds = ?, month_seconds = ?,
          total_seconds = ?
        WHERE project_id = ? AND scope = ? AND scope_id = ?
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
        limits.alerts().isEmpty() ? null : Tx.json(limits.alerts()),
        limits.day().toolCalls(),
        limits.month().toolCalls(),
        limits.total().toolCalls(),
        limits.day().seconds(),
        limits.month().seconds(),
        limits.total().seconds(),
        scope.project(),
        scope.kind(),
        scope.id());
    startCounting(tx, scope, at);
    if (limits.limitsToolCalls() || limits.limitsTime()) {
      tx.defer(
          """
          INSERT INTO work_counters (project_id, scope, scope_id, day, month)
          VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
          scope.project(),
          scope.kind(),
          scope.id(),
          day(at),
          month(at));
    }
  }

  private static void startCounting(Tx tx, LimitScope scope, Instant at) {
    tx.defer(
        """
        INSERT INTO usage_counters
          (project_id, scope, scope_id, day, month, requests_at, tokens_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        scope.project(),
        scope.kind(),
        scope.id(),
        day(at),
        month(at),
        at,
        at);
  }

  /**
   * Limits and usage of these scopes of one project; those that were never counted are left out.
   */
  List<ScopeState> states(List<LimitScope> scopes, Instant at) {
    return jdbc.list("SELECT " + STATE, row -> readState(row, at), stateParams(scopes, at));
  }

  /** As {@link #states(List, Instant)}, in this transaction. */
  List<ScopeState> states(Tx tx, List<LimitScope> scopes, Instant at) {
    return tx.list("SELECT " + STATE, row -> readState(row, at), stateParams(scopes, at));
  }

  /**
   * What came of taking a request from the buckets of all scopes.
   *
   * @param isAdmitted false if a bucket was empty; then nothing was taken from any
   * @param states as they are now
   */
  record TakenRequest(boolean isAdmitted, List<ScopeState> states) {}

  /** Takes one request from the bucket of each of these scopes, or from none. */
  TakenRequest takeRequest(List<LimitScope> scopes, Instant at) {
    record Taken(boolean isAdmitted, ScopeState state) {}
    var params = new ArrayList<Object>(List.of(stateParams(scopes, at)));
    params.add(at);
    var rows =
        jdbc.updateReturning(
            TAKE_REQUEST,
            row -> {
              var before = readState(row, at);
              var usage = before.usage().withRequestsLeft(row.float8("requests_now"));
              return new Taken(
                  row.bool("admitted"), new ScopeState(before.scope(), before.limits(), usage));
            },
            params.toArray());
    return new TakenRequest(
        rows.stream().allMatch(Taken::isAdmitted), rows.stream().map(Taken::state).toList());
  }

  private static Object[] stateParams(List<LimitScope> scopes, Instant at) {
    return new Object[] {
      day(at),
      day(at),
      month(at),
      month(at),
      at,
      at,
      day(at),
      day(at),
      month(at),
      month(at),
      LimitScope.kinds(scopes),
      LimitScope.ids(scopes),
      scopes.getFirst().project()
    };
  }

  private static ScopeState readState(Row row, Instant at) throws SQLException {
    return new ScopeState(
        readScope(row),
        readLimits(row),
        new CurrentUsage(
            readAmount(row, "day"),
            readAmount(row, "month"),
            readAmount(row, "total"),
            readAmount(row, "reserved"),
            row.float8("requests_left"),
            row.float8("tokens_left"),
            Burst.listOf(row.json("bursts", Burst.STORED)),
            at));
  }

  private static CurrentUsage.Amount readAmount(Row row, String what) throws SQLException {
    return new CurrentUsage.Amount(
        row.bigint(what + "_tokens"),
        new Money(row.bigint(what + "_cost")),
        row.bigint(what + "_tool_calls"),
        row.bigint(what + "_millis"));
  }

  private static LimitScope readScope(Row row) throws SQLException {
    var project = row.text("project_id", ProjectId::new);
    return new LimitScope(
        project, row.enumValue("scope", LimitScope.Kind.class), row.text("scope_id"));
  }

  private static Limits readLimits(Row row) throws SQLException {
    List<BigDecimal> alerts = row.json("alerts", SHARES);
    return new Limits(
        row.integer("requests_per_minute"),
        row.integer("tokens_per_minute"),
        row.integer("concurrent_threads"),
        readBudget(row, "day"),
        readBudget(row, "month"),
        readBudget(row, "total"),
        row.bool("count_usage"),
        alerts == null ? List.of() : alerts);
  }

  private static Limits.Budget readBudget(Row row, String period) throws SQLException {
    var cost = row.bigint(period + "_cost_limit");
    return new Limits.Budget(
        row.bigint(period + "_limit"),
        cost == null ? null : new Money(cost),
        row.bigint(period + "_tool_calls_limit"),
        row.bigint(period + "_seconds_limit"));
  }

  private static Long nanos(Money money) {
    return money == null ? null : money.nanos();
  }
}
