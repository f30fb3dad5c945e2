package dev.threadmill.telemetry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The tables of the outbox.
 *
 * <p>Transactions commit in another order than the one in which they take their sequence numbers,
 * so a reader that remembered the last number alone would miss events. A sink reads windows of
 * transaction ids instead: a window ends where the oldest running transaction begins, so all of its
 * transactions have ended and none is added to it. A sink that lags has small windows, as each
 * batch sorts all of its window. Within a window the sequence is the order. Two transactions that
 * changed one thread did so one after the other, under its lock; they are in the same window or in
 * windows of that order.
 */
@ApplicationScoped
class OutboxStore {
  /** How many events a window has, beside those of its last transaction. */
  private static final int MAX_WINDOW = 2_000;

  private static final String INSERT =
      """
      INSERT INTO outbox (id, project_id, thread_id, type, payload)
      SELECT e ->> 0, e ->> 1, e ->> 2, e ->> 3, e -> 4
      FROM jsonb_array_elements(?) WITH ORDINALITY AS item (e, n) ORDER BY n
      """;

  private final Jdbc jdbc;
  private final Ids ids;

  OutboxStore(Jdbc jdbc, Ids ids) {
    this.jdbc = jdbc;
    this.ids = ids;
  }

  /**
   * What a sink has received of its window.
   *
   * @param sequence of the last event that was delivered, 0 for none
   * @param isWindowDone whether the window has no further events
   */
  record Progress(long sequence, boolean isWindowDone) {
    static final Progress NONE = new Progress(0, false);
  }

  /**
   * The next events of a sink.
   *
   * @param progress what has been received once these are delivered
   * @param hasMore whether there are events behind the window
   */
  record Batch(List<OutboxEvent> events, Progress progress, boolean hasMore) {}

  void append(Tx tx, OutboxEvent event) {
    tx.collect(
        INSERT,
        Json.MAPPER
            .createArrayNode()
            .add(ids.next(OutboxEvent.PREFIX))
            .add(event.project().value())
            .add(event.thread() == null ? null : event.thread().value())
            .add(event.type())
            .add(event.payload()));
  }

  /**
   * Adds a sink that receives the events from now on, unless it is known. A database that was
   * restored into another cluster has transaction ids from the future: they are reset, and the
   * events that are still stored are delivered again.
   */
  void register(String sink) {
    jdbc.update(
        """
        INSERT INTO outbox_sinks (name, from_xid, to_xid)
        SELECT ?, pg_snapshot_xmin(now), pg_snapshot_xmin(now) FROM pg_current_snapshot() AS now
        ON CONFLICT DO NOTHING
        """,
        sink);
    int reset =
        jdbc.update(
            """
            UPDATE outbox_sinks SET from_xid = '0', to_xid = '0', sequence = 0
            WHERE name = ? AND to_xid > pg_snapshot_xmax(pg_current_snapshot())
            """,
            sink);
    if (reset > 0) {
      jdbc.update(
          "UPDATE outbox SET written = '0' WHERE written > pg_snapshot_xmax(pg_current_snapshot())");
    }
  }

  /**
   * Removes a sink that is not enabled any more and that no node has delivered to for a time, so
   * that events are not kept for it.
   */
  void forget(String sink, Duration silence) {
    jdbc.update(
        """
        DELETE FROM outbox_sinks
        WHERE name = ? AND leased_until < clock_timestamp() - ? * interval '1 millisecond'
        """,
        sink,
        silence.toMillis());
  }

  private record Line(OutboxEvent event, Long sequence, boolean hasMore) {}

  /**
   * Acquires or renews the lease of a sink, stores what it has received, and reads on.
   *
   * @param owner the node that delivers
   * @param progress what was delivered since this node acquired the lease
   * @return empty if another node has the lease
   */
  Optional<Batch> next(
      String sink, String owner, Duration lease, Progress progress, int maxEvents) {
    var lines =
        jdbc.updateReturning(
            """
            WITH sink AS (
              UPDATE outbox_sinks
              SET from_xid = CASE WHEN owner = ? AND ? THEN to_xid ELSE from_xid END,
                  to_xid = CASE WHEN owner = ? AND ? THEN LEAST(
                                  pg_snapshot_xmin(pg_current_snapshot()),
                                  (SELECT written FROM outbox WHERE written > to_xid
                                   ORDER BY written OFFSET ? LIMIT 1))
                                ELSE to_xid END,
                  sequence = CASE WHEN owner IS DISTINCT FROM ? THEN sequence WHEN ? THEN 0
                                  ELSE GREATEST(sequence, ?) END,
                  owner = ?, leased_until = clock_timestamp() + ? * interval '1 millisecond'
              WHERE name = ? AND (owner = ? OR leased_until <= clock_timestamp())
              RETURNING from_xid, to_xid, sequence),
            -- The latest event, and not whether there is one behind the window: that would read the whole table if there is none.
            latest AS MATERIALIZED (SELECT written FROM outbox ORDER BY written DESC LIMIT 1)
            SELECT e.sequence, coalesce(e.id, 'evt_' || e.sequence) AS id, e.project_id, e.thread_id, e.type, e.payload,
                   coalesce(latest.written >= sink.to_xid, false) AS has_more
            FROM sink LEFT JOIN latest ON true LEFT JOIN LATERAL (
              SELECT * FROM outbox
              WHERE written >= sink.from_xid AND written < sink.to_xid
                AND sequence > sink.sequence
              ORDER BY sequence LIMIT ?) e ON true
            ORDER BY e.sequence
            """,
            OutboxStore::line,
            owner,
            progress.isWindowDone(),
            owner,
            progress.isWindowDone(),
            MAX_WINDOW,
            owner,
            progress.isWindowDone(),
            progress.sequence(),
            owner,
            lease.toMillis(),
            sink,
            owner,
            maxEvents);
    if (lines.isEmpty()) {
      return Optional.empty();
    }
    var events = lines.stream().map(Line::event).filter(event -> event != null).toList();
    var last = lines.getLast();
    return Optional.of(
        new Batch(
            events,
            new Progress(events.isEmpty() ? 0 : last.sequence(), events.size() < maxEvents),
            last.hasMore()));
  }

  private static Line line(Row row) throws SQLException {
    var sequence = row.bigint("sequence");
    var event =
        sequence == null
            ? null
            : new OutboxEvent(
                row.text("id"),
                row.text("project_id", ProjectId::new),
                row.text("thread_id", ThreadId::new),
                row.text("type"),
                StoredPayload.current(row.json("payload", JsonNode.class)));
    return new Line(event, sequence, row.bool("has_more"));
  }

  /** The age of the oldest event that a sink has not acknowledged; 0 if there is none. */
  double lagSeconds(String sink) {
    return jdbc.one(
            """
            SELECT coalesce(extract(epoch FROM clock_timestamp() - (
              SELECT e.created_at FROM outbox e
              WHERE e.written >= s.from_xid AND (e.written >= s.to_xid OR e.sequence > s.sequence)
              ORDER BY e.written, e.sequence LIMIT 1)), 0)::float8 AS lag
            FROM outbox_sinks s WHERE s.name = ?
            """,
            row -> row.float8("lag"),
            sink)
        .map(lag -> Math.max(0, lag))
        .orElse(0.0);
  }

  /** Gives up the lease, so that another node need not wait for its end. */
  void release(String sink, String owner) {
    jdbc.update(
        "UPDATE outbox_sinks SET owner = NULL, leased_until = '-infinity' WHERE name = ? AND owner = ?",
        sink,
        owner);
  }

  /**
   * Deletes the events that every sink has received, and those that are older than the retention
   * even if a sink has not received them.
   *
   * @return how many events were deleted that a sink has not received
   */
  int clean(Duration retention) {
    jdbc.update("DELETE FROM outbox WHERE written < (SELECT min(from_xid) FROM outbox_sinks)");
    return jdbc.update(
        """
        DELETE FROM outbox WHERE sequence IN (
          SELECT sequence FROM (SELECT sequence, created_at FROM outbox ORDER BY sequence LIMIT 10000) oldest
          WHERE created_at < now() - ? * interval '1 millisecond')
        """,
        retention.toMillis());
  }
}
