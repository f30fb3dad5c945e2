package dev.threadmill.runs.store;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the items of a thread in their order: messages, reasoning, tool calls, and outputs that
 * clients have submitted. A call and its output take their places from their step.
 */
@ApplicationScoped
public class ThreadItemStore {
  private static final String MESSAGES =
      """
      SELECT m.created_at AS at, 'MESSAGE' AS kind, m.id
      FROM messages m
      WHERE m.thread_id = ? AND m.project_id = ? AND m.status <> 'in_progress'
      """;

  private static final String CALLS =
      """
      SELECT s.created_at + 2 * c.ordinal * interval '1 microsecond' AS at, 'CALL' AS kind, c.id
      FROM run_steps s JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
      WHERE s.thread_id = ? AND s.project_id = ? AND s.type = 'tool_calls'
        AND c.executor <> 'nobody'
        AND (c.type <> 'compaction' OR s.status = 'completed' AND c.output <> '')
      """;

  private static final String OUTPUTS =
      """
      SELECT s.created_at + (2 * c.ordinal + 1) * interval '1 microsecond' AS at, 'OUTPUT' AS kind,
        c.id
      FROM run_steps s JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
      WHERE s.thread_id = ? AND s.project_id = ? AND s.type = 'tool_calls'
        AND c.executor = 'client' AND c.output IS NOT NULL
      """;

  private static final String REASONING =
      """
      SELECT s.created_at - interval '1 microsecond' AS at, 'REASONING' AS kind, s.id
      FROM run_steps s
      WHERE s.thread_id = ? AND s.project_id = ? AND s.aside ->> 'reasoning' IS NOT NULL
        AND s.status <> 'in_progress'
      """;

  private static final String ALL =
      "(%s UNION ALL %s UNION ALL %s UNION ALL %s) AS items"
          .formatted(MESSAGES, CALLS, OUTPUTS, REASONING);

  /** More than the items of one step are apart in time. */
  private static final Duration PART_OF_STEP = Duration.ofMillis(10);

  /** Calls of a step may stand behind the first ones of the next step. */
  private static final int MOST_CALLS = 32;

  /**
   * The items of one kind.
   *
   * @param select the statement up to its conditions
   * @param created the column of an index that bounds them
   * @param at the time of an item
   * @param order by that index, with two places for the direction
   */
  private record Part(
      Kind kind, String select, String created, String at, String id, String order) {}

  private static final String OF_STEP = "s.created_at %s, c.ordinal %s";

  private static final List<Part> PARTS =
      List.of(
          new Part(
              Kind.MESSAGE,
              MESSAGES,
              "m.created_at",
              "m.created_at",
              "m.id",
              "m.created_at %s, m.id %s"),
          new Part(
              Kind.CALL,
              CALLS,
              "s.created_at",
              "s.created_at + 2 * c.ordinal * interval '1 microsecond'",
              "c.id",
              OF_STEP),
          new Part(
              Kind.OUTPUT,
              OUTPUTS,
              "s.created_at",
              "s.created_at + (2 * c.ordinal + 1) * interval '1 microsecond'",
              "c.id",
              OF_STEP),
          new Part(
              Kind.REASONING,
              REASONING,
              "s.created_at",
              "s.created_at - interval '1 microsecond'",
              "s.id",
              "s.created_at %s, s.id %s"));

  /** The characters of an item of a thread, and its place. */
  private static final String SIZED =
      """
      SELECT item.at, item.kind, item.id, coalesce(CASE item.kind
        WHEN 'MESSAGE' THEN (SELECT %s FROM messages m WHERE m.thread_id = ? AND m.id = item.id)
        WHEN 'REASONING' THEN (SELECT %s FROM run_steps s WHERE s.thread_id = ? AND s.id = item.id)
        ELSE (SELECT %s FROM tool_calls c WHERE c.thread_id = ? AND c.id = item.id) END, 0)::bigint
        AS size
      FROM (%%s) AS item
      """
          .formatted(
              Keyset.sizeExpression("m.content"),
              Keyset.sizeExpression("s.aside"),
              Keyset.sizeExpression("c.arguments", "c.output", "c.partial", "c.result_parts"));

  private final Jdbc jdbc;

  ThreadItemStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The kinds of items. */
  public enum Kind {
    MESSAGE,
    REASONING,
    CALL,
    /** The output of a call that a client has submitted. */
    OUTPUT
  }

  /**
   * An item.
   *
   * @param id of the message, the step, or the call
   * @param size in characters; 0 if it is small
   */
  public record Place(Kind kind, String id, Instant at, long size) {}

  /** The place of an item; empty if the thread has no such item. */
  public Optional<Place> find(ProjectId project, ThreadId thread, Kind kind, String id) {
    return jdbc.one(
        SIZED.formatted("SELECT * FROM " + ALL + " WHERE kind = ? AND id = ?"),
        ThreadItemStore::read,
        thread,
        thread,
        thread,
        thread,
        project,
        thread,
        project,
        thread,
        project,
        thread,
        project,
        kind.name(),
        id);
  }

  /**
   * Items of a thread. Reads the rows of the page, however long the thread is.
   *
   * @param after the item before the first one; null for the start of the list
   */
  public List<Place> list(
      ProjectId project, ThreadId thread, Place after, boolean descending, int limit) {
    var order = descending ? "DESC" : "ASC";
    var sql = new StringBuilder();
    var params = new ArrayList<Object>(List.of(thread, thread, thread));
    for (var part : PARTS) {
      sql.append(sql.isEmpty() ? "" : " UNION ALL ").append('(').append(part.select());
      params.add(thread);
      params.add(project);
      if (after != null) {
        var comparison = descending ? "<" : ">";
        sql.append(" AND ").append(part.created()).append(comparison).append("= ?");
        params.add(descending ? after.at().plus(PART_OF_STEP) : after.at().minus(PART_OF_STEP));
        sql.append(
            " AND (%s, '%s'::text, %s) %s (?, ?, ?)"
                .formatted(part.at(), part.kind(), part.id(), comparison));
        params.add(after.at());
        params.add(after.kind().name());
        params.add(after.id());
      }
      sql.append(" ORDER BY ").append(part.order().formatted(order, order)).append(" LIMIT ?)");
      params.add(limit + MOST_CALLS);
    }
    params.add(limit);
    var sorted = "ORDER BY at %s, kind %s, id %s".formatted(order, order, order);
    var page = "SELECT * FROM (%s) AS items %s LIMIT ?".formatted(sql, sorted);
    return jdbc.list(SIZED.formatted(page) + sorted, ThreadItemStore::read, params.toArray());
  }

  /** Whether a thread has a message or a call from one time on and before another. */
  public boolean hasBefore(ThreadId thread, Instant from, Instant before) {
    return jdbc.one(
            """
            SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM messages m
                WHERE m.thread_id = ? AND m.created_at >= ? AND m.created_at < ?)
              OR EXISTS (SELECT 1 FROM run_steps s
                WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.created_at >= ?
                  AND s.created_at < ?)
            """,
            row -> row.integer("one"),
            thread,
            from,
            before,
            thread,
            from,
            before)
        .isPresent();
  }

  /**
   * About how many tokens the items of a thread have.
   *
   * @param from the time of the first one that counts
   * @param limit how many of the newest messages count, and how many of the newest calls
   */
  public long tokens(ProjectId project, ThreadId thread, Instant from, int limit) {
    return jdbc.one(
            """
            SELECT (SELECT coalesce(sum(newest.tokens), 0) FROM (
                SELECT m.tokens FROM messages m
                WHERE m.thread_id = ? AND m.project_id = ? AND m.created_at >= ?
                ORDER BY m.created_at DESC LIMIT ?) AS newest)
              + (SELECT coalesce(sum(newest.bytes), 0) / 4 FROM (
                SELECT octet_length(c.arguments) + coalesce(octet_length(c.output), 0) AS bytes
                FROM run_steps s
                JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
                WHERE s.thread_id = ? AND s.project_id = ? AND s.created_at >= ?
                  AND c.type NOT IN %s
                ORDER BY s.created_at DESC LIMIT ?) AS newest) AS tokens
            """
                .formatted(CallType.sqlOfOpenings()),
            row -> row.bigint("tokens"),
            thread,
            project,
            from,
            limit,
            thread,
            project,
            from,
            limit)
        .orElse(0L);
  }

  private static Place read(Row row) throws SQLException {
    return new Place(
        Kind.valueOf(row.text("kind")), row.text("id"), row.instant("at"), row.bigint("size"));
  }
}
