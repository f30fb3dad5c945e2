package dev.threadmill.usage;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.models.Money;
import dev.threadmill.telemetry.OutboxEvent;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Single model calls and their sums. A call becomes visible with the transaction that records its
 * event: what the sink has not counted yet is read from the outbox, in the same snapshot.
 */
@ApplicationScoped
class UsageStore {
  /** The fields of a call, of an event e with the columns id, project_id and p, and a thread t. */
  private static final String CALL =
      """
      e.id, e.project_id, coalesce((e.p ->> 'timestamp')::timestamptz, now()) AS ended_at,
      coalesce(e.p -> 'details' ->> 'operation',
        CASE WHEN e.p ->> 'run_id' IS NULL THEN 'chat' ELSE 'run' END) AS operation,
      left(coalesce(e.p ->> 'model', ''), 256) AS model, coalesce(e.p ->> 'key', '') AS api_key_id,
      left(coalesce(e.p -> 'details' ->> 'user', t.metadata ->> 'user', ''), 256) AS user_id,
      coalesce(e.p ->> 'assistant_id', '') AS assistant_id,
      coalesce(e.p ->> 'thread_id', '') AS thread_id, coalesce(e.p ->> 'run_id', '') AS run_id,
      coalesce((e.p ->> 'input_tokens')::bigint, 0) AS input_tokens,
      coalesce((e.p -> 'details' ->> 'cached_tokens')::bigint, 0) AS cached_tokens,
      coalesce((e.p ->> 'output_tokens')::bigint, 0) AS output_tokens,
      coalesce((e.p -> 'details' ->> 'reasoning_tokens')::bigint, 0) AS reasoning_tokens,
      ((e.p ->> 'cost')::numeric * 1000000000)::bigint AS cost_nanos,
      coalesce((e.p -> 'details' ->> 'lost_tokens')::bigint, 0) AS lost_tokens,
      coalesce((e.p -> 'details' ->> 'lost_nanos')::bigint, 0) AS lost_nanos
      """;

  private static final String OF_THREAD =
      "LEFT JOIN threads t ON t.id = e.p ->> 'thread_id' AND t.project_id = e.project_id";

  /** The sums of calls c. */
  private static final String SUMS =
      """
      count(*) FILTER (WHERE c.lost_tokens = 0) AS calls,
      sum(c.input_tokens)::bigint AS input_tokens, sum(c.cached_tokens)::bigint AS cached_tokens,
      sum(c.output_tokens)::bigint AS output_tokens,
      sum(c.reasoning_tokens)::bigint AS reasoning_tokens,
      coalesce(sum(c.cost_nanos), 0)::bigint AS cost_nanos,
      count(*) FILTER (WHERE c.cost_nanos IS NULL AND c.input_tokens + c.output_tokens > 0)
        AS unpriced_calls,
      sum(c.lost_tokens)::bigint AS lost_tokens, sum(c.lost_nanos)::bigint AS lost_nanos
      """;

  private static final String KEY =
      "project_id, starts_at, operation, model, api_key_id, user_id, assistant_id";

  private static final String ADD =
      """
      ON CONFLICT (project_id, starts_at, operation, model, api_key_id, user_id, assistant_id)
      DO UPDATE SET calls = b.calls + EXCLUDED.calls,
        input_tokens = b.input_tokens + EXCLUDED.input_tokens,
        cached_tokens = b.cached_tokens + EXCLUDED.cached_tokens,
        output_tokens = b.output_tokens + EXCLUDED.output_tokens,
        reasoning_tokens = b.reasoning_tokens + EXCLUDED.reasoning_tokens,
        cost_nanos = b.cost_nanos + EXCLUDED.cost_nanos,
        unpriced_calls = b.unpriced_calls + EXCLUDED.unpriced_calls,
        lost_tokens = b.lost_tokens + EXCLUDED.lost_tokens,
        lost_nanos = b.lost_nanos + EXCLUDED.lost_nanos
      """;

  private static final String COUNT =
      "WITH e AS (SELECT e ->> 0 AS id, e ->> 1 AS project_id, e -> 2 AS p"
          + " FROM jsonb_array_elements(?) AS item (e)), c AS (INSERT INTO usage_calls SELECT "
          + CALL
          + " FROM e "
          + OF_THREAD
          + " ON CONFLICT (id) DO NOTHING RETURNING *)"
          + " INSERT INTO usage_buckets AS b SELECT project_id,"
          + " date_trunc('minute', ended_at, 'UTC') AS starts_at, operation, model, api_key_id,"
          + " user_id, assistant_id, "
          + SUMS
          + " FROM c GROUP BY "
          + KEY
          + " ORDER BY "
          + KEY
          + " "
          + ADD;

  /** Calls whose events the sink has not counted. */
  private static final String PENDING =
      "SELECT "
          + CALL
          + """
           FROM (
            SELECT coalesce(o.id, 'evt_' || o.sequence) AS id, o.project_id, o.payload AS p
            FROM outbox o
            WHERE o.type IN ('model_call', 'code_session')
              AND o.written >= (SELECT s.from_xid FROM outbox_sinks s WHERE s.name = 'usage')) e
          """
          + OF_THREAD
          + " WHERE NOT EXISTS (SELECT 1 FROM usage_calls counted WHERE counted.id = e.id)";

  private final Jdbc jdbc;

  UsageStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** Counts calls, each of them once however often it is delivered. */
  void count(List<OutboxEvent> calls) {
    var rows = Json.MAPPER.createArrayNode();
    for (var call : calls) {
      rows.addArray().add(call.id()).add(call.project().value()).add(call.payload());
    }
    jdbc.update(COUNT, rows);
  }

  /**
   * The usage by bucket and group, in this order.
   *
   * @param limit the most rows
   * @param offset how many of the first rows are left out
   */
  List<UsageRow> read(UsageQuery query, int limit, int offset) {
    var params = new ArrayList<Object>();
    params.add(query.width().duration().toSeconds());
    var conditions = new StringBuilder(" WHERE c.at >= ? AND c.at < ?");
    var groups =
        query.groups().stream().map(Dimension::field).collect(Collectors.joining(", ", ", ", ""));
    var sql =
        new StringBuilder(
            "SELECT date_bin(? * interval '1 second', c.at, 'epoch'::timestamptz) AS bucket");
    query.groups().forEach(group -> sql.append(", c.").append(group.field()));
    sql.append(
        """
        , sum(c.calls)::bigint AS calls, sum(c.input_tokens)::bigint AS input_tokens,
        sum(c.cached_tokens)::bigint AS cached_tokens, sum(c.output_tokens)::bigint AS output_tokens,
        sum(c.reasoning_tokens)::bigint AS reasoning_tokens, sum(c.cost_nanos)::bigint AS cost_nanos,
        sum(c.unpriced_calls)::bigint AS unpriced_calls, sum(c.lost_tokens)::bigint AS lost_tokens,
        sum(c.lost_nanos)::bigint AS lost_nanos FROM (
        """);
    source(query, sql, params);
    params.add(query.from());
    params.add(query.to());
    query
        .filters()
        .forEach(
            (dimension, values) -> {
              conditions.append(" AND c.").append(dimension.field()).append(" = ANY (?)");
              params.add(values);
            });
    sql.append(") c").append(conditions);
    var by = "bucket" + (query.groups().isEmpty() ? "" : groups);
    sql.append(" GROUP BY ").append(by).append(" ORDER BY ").append(by).append(" LIMIT ? OFFSET ?");
    params.add(limit);
    params.add(offset);
    return jdbc.list(sql.toString(), row -> read(row, query.groups()), params.toArray());
  }

  /** The rows that are added up: sums, or single calls; and in both cases what is pending. */
  private static void source(UsageQuery query, StringBuilder sql, List<Object> params) {
    var projects = query.filters().getOrDefault(Dimension.PROJECT_ID, Set.of());
    var counted = query.needsCalls() ? "usage_calls x" : "usage_buckets x";
    var at = query.needsCalls() ? "ended_at" : "starts_at";
    var ofCall =
        """
         project_id, ended_at AS at, operation, model, api_key_id, user_id, assistant_id, thread_id, run_id,
        CASE WHEN lost_tokens = 0 THEN 1 ELSE 0 END AS calls, input_tokens, cached_tokens, output_tokens,
        reasoning_tokens, coalesce(cost_nanos, 0) AS cost_nanos,
        CASE WHEN cost_nanos IS NULL AND input_tokens + output_tokens > 0 THEN 1 ELSE 0 END
          AS unpriced_calls,
        lost_tokens, lost_nanos
        """;
    var ofBucket =
        """
         project_id, starts_at AS at, operation, model, api_key_id, user_id, assistant_id, '' AS thread_id,
        '' AS run_id, calls, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_nanos,
        unpriced_calls, lost_tokens, lost_nanos
        """;
    sql.append("SELECT")
        .append(query.needsCalls() ? ofCall : ofBucket)
        .append(" FROM ")
        .append(counted);
    sql.append(" WHERE x.").append(at).append(" >= ? AND x.").append(at).append(" < ?");
    params.add(query.from());
    params.add(query.to());
    if (!projects.isEmpty()) {
      sql.append(" AND x.project_id = ANY (?)");
      params.add(projects);
    }
    sql.append(" UNION ALL SELECT").append(ofCall).append(" FROM (").append(PENDING);
    if (!projects.isEmpty()) {
      sql.append(" AND e.project_id = ANY (?)");
      params.add(projects);
    }
    sql.append(") pending");
  }

  private static UsageRow read(Row row, List<Dimension> groups) throws SQLException {
    var group = new EnumMap<Dimension, String>(Dimension.class);
    for (var dimension : groups) {
      var value = row.text(dimension.field());
      group.put(dimension, value == null || value.isEmpty() ? null : value);
    }
    return new UsageRow(
        row.instant("bucket"),
        group,
        row.bigint("calls"),
        row.bigint("input_tokens"),
        row.bigint("cached_tokens"),
        row.bigint("output_tokens"),
        row.bigint("reasoning_tokens"),
        new Money(row.bigint("cost_nanos")),
        row.bigint("unpriced_calls"),
        row.bigint("lost_tokens"),
        new Money(row.bigint("lost_nanos")));
  }

  /**
   * Merges the minutes of the oldest hours into one row for each hour and group.
   *
   * @return how many rows were merged, at most the limit
   */
  int mergeMinutes(Duration retention, int limit) {
    return jdbc.updateReturning(
            """
            WITH old AS (
              DELETE FROM usage_buckets WHERE ctid IN (
                SELECT ctid FROM usage_buckets
                WHERE starts_at < date_trunc('hour', clock_timestamp() - ? * interval '1 millisecond', 'UTC')
                  AND starts_at <> date_trunc('hour', starts_at, 'UTC')
                ORDER BY starts_at LIMIT ? FOR UPDATE SKIP LOCKED)
              RETURNING *),
            merged AS (
              INSERT INTO usage_buckets AS b
              SELECT project_id, date_trunc('hour', starts_at, 'UTC') AS starts_at, operation, model,
                api_key_id, user_id, assistant_id, sum(calls), sum(input_tokens), sum(cached_tokens),
                sum(output_tokens), sum(reasoning_tokens), sum(cost_nanos), sum(unpriced_calls),
                sum(lost_tokens), sum(lost_nanos)
              FROM old GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
            """
                + ADD
                + " RETURNING 1) SELECT (SELECT count(*) FROM old)::int AS n, (SELECT count(*) FROM merged)",
            row -> row.integer("n"),
            retention.toMillis(),
            limit)
        .getFirst();
  }

  /** How many sums name a user. */
  long countOfUser(ProjectId project, String user) {
    return jdbc.one(
            "SELECT count(*) AS n FROM usage_buckets WHERE project_id = ? AND user_id = ?",
            row -> row.bigint("n"),
            project,
            user)
        .orElseThrow();
  }

  /**
   * Adds the sums of a user to those of calls without a user, and takes the user out of its calls.
   *
   * @return how many sums named the user
   */
  int forgetUser(ProjectId project, String user) {
    return jdbc.updateReturning(
            """
            WITH calls AS (
              UPDATE usage_calls SET user_id = '' WHERE project_id = ? AND user_id = ?),
            named AS (
              DELETE FROM usage_buckets WHERE project_id = ? AND user_id = ? RETURNING *),
            merged AS (
              INSERT INTO usage_buckets AS b
              SELECT project_id, starts_at, operation, model, api_key_id, '', assistant_id, calls,
                input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_nanos,
                unpriced_calls, lost_tokens, lost_nanos
              FROM named ORDER BY 1, 2, 3, 4, 5, 6, 7
            """
                + ADD
                + ") SELECT count(*)::int AS n FROM named",
            row -> row.integer("n"),
            project,
            user,
            project,
            user)
        .getFirst();
  }

  /**
   * Deletes sums that are older than the retention.
   *
   * @return how many, at most the limit
   */
  int deleteOldBuckets(Duration retention, int limit) {
    return jdbc.update(
        """
        DELETE FROM usage_buckets WHERE ctid IN (
          SELECT ctid FROM usage_buckets
          WHERE starts_at < clock_timestamp() - ? * interval '1 millisecond'
          ORDER BY starts_at LIMIT ? FOR UPDATE SKIP LOCKED)
        """,
        retention.toMillis(),
        limit);
  }

  /**
   * Deletes single calls that are older than the retention.
   *
   * @return how many, at most the limit
   */
  int deleteOldCalls(Duration retention, int limit) {
    return jdbc.update(
        """
        DELETE FROM usage_calls WHERE ctid IN (
          SELECT ctid FROM usage_calls
          WHERE ended_at < clock_timestamp() - ? * interval '1 millisecond'
          ORDER BY ended_at LIMIT ? FOR UPDATE SKIP LOCKED)
        """,
        retention.toMillis(),
        limit);
  }
}
