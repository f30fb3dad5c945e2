package dev.threadmill.events;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.telemetry.OutboxEvent;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The table of the log. A transaction that inserts locks the row of the last position first, so
 * positions become visible in their order: a reader that remembers the last one misses nothing.
 */
@ApplicationScoped
public class EventLogStore {
  private static final String COLUMNS = "position, id, event, payload";

  private final Jdbc jdbc;

  EventLogStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Inserts events in their order, except those that are there already.
   *
   * @return the last position of the log
   */
  long insert(List<OutboxEvent> events) {
    var rows = Json.MAPPER.createArrayNode();
    for (var event : events) {
      rows.addArray()
          .add(event.id())
          .add(event.project().value())
          .add(event.type())
          .add(event.payload());
    }
    return jdbc.updateReturningOne(
            """
            WITH head AS (
              UPDATE event_log_head SET position = position + ?
              RETURNING position, position - ? AS before),
            added AS (
              INSERT INTO event_log (position, id, project_id, created_at, event, payload)
              SELECT head.before + n, e ->> 0, e ->> 1,
                coalesce((e -> 3 ->> 'timestamp')::timestamptz, now()), e ->> 2, e -> 3
              FROM head, jsonb_array_elements(?) WITH ORDINALITY AS item (e, n)
              ORDER BY n
              ON CONFLICT (id) DO NOTHING)
            SELECT position FROM head
            """,
            row -> row.bigint("position"),
            events.size(),
            events.size(),
            rows)
        .orElseThrow();
  }

  /** Deletes the events of a thread. */
  public void deleteOfThread(ProjectId project, ThreadId thread) {
    jdbc.update(
        "DELETE FROM event_log WHERE project_id = ? AND payload ->> 'thread_id' = ?",
        project,
        thread.value());
  }

  /** Takes a user whom model calls outside of threads name out of their events. */
  public void forgetUser(ProjectId project, String user) {
    jdbc.update(
        """
        UPDATE event_log SET payload = payload #- '{details,user}'
        WHERE project_id = ? AND event = 'model_call' AND payload -> 'details' ->> 'user' = ?
        """,
        project,
        user);
  }

  /** The last position of the log of all projects. Everything up to it is visible. */
  long head() {
    return jdbc.one("SELECT position FROM event_log_head", row -> row.bigint("position"))
        .orElseThrow();
  }

  /**
   * The position of an event.
   *
   * @param param what names it
   * @throws ApiException 400 if the log of the project does not have it
   */
  long positionOf(ProjectId project, String param, String id) {
    return jdbc.one(
            "SELECT position FROM event_log WHERE id = ? AND project_id = ?",
            row -> row.bigint("position"),
            id,
            project)
        .orElseThrow(
            () ->
                ApiException.invalid(
                    param,
                    "Invalid '%s': there is no event '%s' in this log, or it was deleted after its"
                            .formatted(param, id)
                        + " retention."));
  }

  /** The events behind a position, oldest first. */
  List<LoggedEvent> behind(
      ProjectId project, EventFilter.Condition condition, long position, long upTo, int limit) {
    var params = new ArrayList<Object>();
    params.add(project);
    params.add(position);
    params.add(upTo);
    params.addAll(condition.params());
    params.add(limit);
    return jdbc.list(
        "SELECT %s FROM event_log WHERE project_id = ? AND position > ? AND position <= ?%s ORDER BY position LIMIT ?"
            .formatted(COLUMNS, condition.sql()),
        LoggedEvent::read,
        params.toArray());
  }

  /** A page of the log. */
  Page<LoggedEvent> page(ProjectId project, EventFilter.Condition condition, PageRequest request) {
    int limit = request.limit();
    boolean descending = request.descending();
    var after = request.after();
    var before = request.before();
    boolean backwards = after == null && before != null;
    var sql = new StringBuilder("SELECT " + COLUMNS + " FROM event_log WHERE project_id = ?");
    var params = new ArrayList<Object>();
    params.add(project);
    sql.append(condition.sql());
    params.addAll(condition.params());
    if (after != null) {
      sql.append(" AND position ").append(descending ? "<" : ">").append(" ?");
      params.add(positionOf(project, "after", after));
    }
    if (before != null) {
      sql.append(" AND position ").append(descending ? ">" : "<").append(" ?");
      params.add(positionOf(project, "before", before));
    }
    sql.append(" ORDER BY position ")
        .append(descending != backwards ? "DESC" : "ASC")
        .append(" LIMIT ?");
    params.add(limit + 1);
    var rows = jdbc.list(sql.toString(), LoggedEvent::read, params.toArray());
    return backwards ? reversed(rows, limit) : Page.of(rows, limit, LoggedEvent::id);
  }

  private static Page<LoggedEvent> reversed(List<LoggedEvent> rows, int limit) {
    var data = new ArrayList<>(rows.subList(0, Math.min(limit, rows.size())));
    Collections.reverse(data);
    var page = Page.of(data, limit, LoggedEvent::id);
    return new Page<>(
        page.object(), page.data(), page.firstId(), page.lastId(), rows.size() > limit);
  }

  /**
   * Deletes the oldest events if they are older than the retention.
   *
   * @return how many were deleted, at most the limit
   */
  int deleteOld(Duration retention, int limit) {
    return jdbc.update(
        """
        DELETE FROM event_log WHERE position IN (
          SELECT position FROM event_log ORDER BY position LIMIT ? FOR UPDATE SKIP LOCKED)
        AND created_at < clock_timestamp() - ? * interval '1 millisecond'
        """,
        limit,
        retention.toMillis());
  }
}
