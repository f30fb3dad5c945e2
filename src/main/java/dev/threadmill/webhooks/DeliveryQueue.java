package dev.threadmill.webhooks;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The deliveries that wait, in lanes, and the claims of endpoints; {@link DeliveryOutcomes} has
 * what becomes of them. All times are those of the database. Rows are locked in one order:
 * deliveries, lanes, endpoints.
 */
@ApplicationScoped
class DeliveryQueue {
  private final Jdbc jdbc;
  private final WebhooksConfig config;

  DeliveryQueue(Jdbc jdbc, WebhooksConfig config) {
    this.jdbc = jdbc;
    this.config = config;
  }

  /** A delivery that is added to the queue. */
  record NewDelivery(
      String id, String endpoint, String lane, String event, String type, String body) {
    private ArrayNode row() {
      return Json.MAPPER
          .createArrayNode()
          .add(id)
          .add(endpoint)
          .add(lane)
          .add(event)
          .add(type)
          .add(body);
    }
  }

  /**
   * What exceeds the bounds of queues.
   *
   * @param dead became dead letters at once
   * @param dropped were not kept
   * @param endpoints whose queues are full, separated by commas; null for none
   */
  record Overflow(int dead, int dropped, String endpoints) {}

  /**
   * Adds deliveries in their order, except those that are there already. Those that exceed the
   * bound of a queue become dead letters, and what exceeds their bound is not kept.
   *
   * @return how many of each there were beyond the bounds
   */
  Overflow add(List<NewDelivery> deliveries) {
    var rows = Json.MAPPER.createArrayNode();
    deliveries.forEach(delivery -> rows.add(delivery.row()));
    return jdbc.updateReturningOne(
            """
        WITH full_queues AS (
          SELECT e.id, count(*) FILTER (WHERE e.dead >= ?) AS dropped
          FROM jsonb_array_elements(?) AS item (r)
          JOIN webhook_endpoints e ON e.id = r ->> 1 AND NOT e.deleted
          WHERE e.pending >= ? GROUP BY e.id),
        added AS (
          INSERT INTO webhook_deliveries (id, endpoint_id, lane, event_id, event, body, status,
            ended_at, history)
          SELECT r ->> 0, e.id, r ->> 2, r ->> 3, r ->> 4, r ->> 5,
            CASE WHEN e.pending < ? THEN 'pending' ELSE 'dead' END,
            CASE WHEN e.pending < ? THEN NULL ELSE now() END,
            CASE WHEN e.pending < ? THEN '[]'::jsonb ELSE ?::jsonb END
          FROM jsonb_array_elements(?) WITH ORDINALITY AS item (r, n)
          JOIN webhook_endpoints e ON e.id = r ->> 1 AND NOT e.deleted
          WHERE e.pending < ? OR e.dead < ?
          ORDER BY n
          ON CONFLICT (endpoint_id, event_id) DO NOTHING
          RETURNING endpoint_id, lane, status),
        lanes AS (
          INSERT INTO webhook_lanes AS l (endpoint_id, lane, pending)
          SELECT endpoint_id, lane, count(*) FROM added WHERE status = 'pending'
          GROUP BY 1, 2 ORDER BY 1, 2
          ON CONFLICT (endpoint_id, lane) DO UPDATE SET pending = l.pending + excluded.pending
          RETURNING l.endpoint_id, 1),
        counts AS (
          SELECT endpoint_id, count(*) FILTER (WHERE status = 'pending') AS pending,
            count(*) FILTER (WHERE status = 'dead') AS dead
          FROM added GROUP BY endpoint_id
          HAVING (SELECT count(*) FROM lanes) >= 0),
        counted AS (
          UPDATE webhook_endpoints e SET pending = e.pending + c.pending, dead = e.dead + c.dead
          FROM (SELECT * FROM counts ORDER BY endpoint_id) c
          WHERE e.id = c.endpoint_id AND NOT e.deleted RETURNING e.id)
        SELECT (SELECT count(*) FROM added WHERE status = 'dead') AS dead,
          (SELECT coalesce(sum(dropped), 0)::integer FROM full_queues) AS dropped,
          (SELECT string_agg(id, ',') FROM full_queues) AS endpoints
        WHERE (SELECT count(*) FROM counted) >= 0
        """,
            row -> new Overflow(row.integer("dead"), row.integer("dropped"), row.text("endpoints")),
            config.maxQueued(),
            rows,
            config.maxQueued(),
            config.maxQueued(),
            config.maxQueued(),
            config.maxQueued(),
            "[{\"error\": \"The queue of the endpoint was full.\"}]",
            rows,
            config.maxQueued(),
            config.maxQueued())
        .orElseThrow();
  }

  /**
   * The queue of all endpoints.
   *
   * @param lagSeconds the age of the oldest delivery that waits; 0 if none does
   */
  record State(long pending, long dead, double lagSeconds) {}

  State state() {
    return jdbc.one(
            """
            SELECT coalesce(sum(e.pending), 0)::bigint AS pending,
              coalesce(sum(e.dead), 0)::bigint AS dead,
              coalesce(extract(epoch FROM clock_timestamp() - min(d.since)), 0)::float8 AS lag
            FROM webhook_endpoints e LEFT JOIN LATERAL (
              SELECT since FROM webhook_deliveries
              WHERE endpoint_id = e.id AND status = 'pending' ORDER BY since LIMIT 1) d
              ON e.pending > 0
            WHERE %s
            """
                .formatted(WebhookEndpoint.RECEIVES),
            row ->
                new State(
                    row.bigint("pending"), row.bigint("dead"), Math.max(0, row.float8("lag"))))
        .orElseThrow();
  }

  /**
   * An endpoint that this node delivers to.
   *
   * @param fence what its writes have to name
   * @param failures how many attempts have failed in a row
   */
  record Claim(WebhookEndpoint endpoint, long fence, int failures) {}

  /** Claims endpoints that no node delivers to and that have something due. */
  List<Claim> claim(String node, int limit) {
    return jdbc.updateReturning(
        """
        UPDATE webhook_endpoints SET owner = ?, fence = fence + 1,
          leased_until = clock_timestamp() + ? * interval '1 millisecond'
        WHERE id IN (
          SELECT e.id FROM webhook_endpoints e
          WHERE e.pending > 0 AND %s AND e.leased_until <= statement_timestamp()
            AND e.next_attempt_at <= statement_timestamp() AND EXISTS (
            SELECT 1 FROM webhook_lanes l
            WHERE l.endpoint_id = e.id AND l.next_attempt_at <= statement_timestamp())
          ORDER BY e.id LIMIT ? FOR UPDATE SKIP LOCKED)
        RETURNING fence, failures, %s
        """
            .formatted(WebhookEndpoint.RECEIVES, WebhookEndpoint.COLUMNS),
        row -> new Claim(WebhookEndpoint.read(row), row.bigint("fence"), row.integer("failures")),
        node,
        config.lease().toMillis(),
        limit);
  }

  /** The time until something is due that no node works on; empty if nothing is. */
  Optional<Duration> untilDue() {
    return jdbc.one(
            """
            SELECT (date_part('epoch', min(
              greatest(l.next_attempt_at, e.leased_until, e.next_attempt_at))
              - clock_timestamp()) * 1000)::bigint AS millis
            FROM webhook_endpoints e CROSS JOIN LATERAL (
              SELECT next_attempt_at FROM webhook_lanes
              WHERE endpoint_id = e.id ORDER BY webhook_lanes.next_attempt_at LIMIT 1) l
            WHERE e.pending > 0 AND %s HAVING count(*) > 0
            """
                .formatted(WebhookEndpoint.RECEIVES),
            row -> row.bigint("millis"))
        .map(millis -> Duration.ofMillis(Math.max(0, millis)));
  }

  /**
   * The time until another lane of a claimed endpoint is due; empty if there is none.
   *
   * @param except lanes that are being delivered
   */
  Optional<Duration> untilDue(Claim claim, Collection<String> except) {
    return jdbc.one(
            """
            SELECT (date_part('epoch', greatest(l.next_attempt_at, e.next_attempt_at)
              - clock_timestamp()) * 1000)::bigint AS millis
            FROM webhook_endpoints e CROSS JOIN LATERAL (
              SELECT next_attempt_at FROM webhook_lanes
              WHERE endpoint_id = e.id AND lane <> ALL (?)
              ORDER BY webhook_lanes.next_attempt_at LIMIT 1) l
            WHERE e.id = ?
            """,
            row -> row.bigint("millis"),
            except,
            claim.endpoint().id())
        .map(millis -> Duration.ofMillis(Math.max(0, millis)));
  }

  /**
   * A delivery that is due.
   *
   * @param event the id of the event, which receivers know it by
   * @param attempts of the delivery so far
   * @param isLast whether it is given up if this attempt fails
   */
  record Due(String id, String lane, String event, String body, int attempts, boolean isLast) {
    private static Due read(Row row) throws SQLException {
      return new Due(
          row.text("id"),
          row.text("lane"),
          row.text("event_id"),
          row.text("body"),
          row.integer("attempts"),
          row.bool("is_last"));
    }
  }

  /**
   * Renews the lease of an endpoint.
   *
   * @return whether this node still has it, and something is to be sent to it
   */
  boolean renew(Claim claim) {
    return jdbc.update(
            """
            UPDATE webhook_endpoints e
            SET leased_until = clock_timestamp() + ? * interval '1 millisecond'
            WHERE id = ? AND fence = ? AND %s
            """
                .formatted(WebhookEndpoint.RECEIVES),
            config.lease().toMillis(),
            claim.endpoint().id(),
            claim.fence())
        > 0;
  }

  /**
   * A claimed endpoint as it is now.
   *
   * @param isPaused whether nothing is to be sent at the moment
   */
  record Current(WebhookEndpoint endpoint, boolean isPaused) {}

  /** Reads a claimed endpoint; empty if {@link #renew} would fail. */
  Optional<Current> current(Claim claim) {
    return jdbc.one(
        """
        SELECT next_attempt_at > clock_timestamp() AS is_paused, %s FROM webhook_endpoints e
        WHERE id = ? AND fence = ? AND %s
        """
            .formatted(WebhookEndpoint.COLUMNS, WebhookEndpoint.RECEIVES),
        row -> new Current(WebhookEndpoint.read(row), row.bool("is_paused")),
        claim.endpoint().id(),
        claim.fence());
  }

  /**
   * The first delivery of each lane that is due, those first that are due for the longest time.
   *
   * @param except lanes that are being delivered
   */
  List<Due> due(Claim claim, Collection<String> except, int limit) {
    // The lanes come from their index, and the bodies of no others are read. A condition with
    // clock_timestamp() would not be one of the index.
    return jdbc.list(
        """
        SELECT d.id, l.lane, d.event_id, d.body, d.attempts,
          d.since <= clock_timestamp() - ? * interval '1 millisecond' AS is_last
        FROM (
          SELECT endpoint_id, lane, next_attempt_at FROM webhook_lanes
          WHERE endpoint_id = ? AND next_attempt_at <= statement_timestamp() AND lane <> ALL (?)
          ORDER BY next_attempt_at, lane LIMIT ?) l
        CROSS JOIN LATERAL (
          SELECT id, event_id, body, attempts, since FROM webhook_deliveries
          WHERE endpoint_id = l.endpoint_id AND lane = l.lane AND status = 'pending'
          ORDER BY position LIMIT 1) d
        ORDER BY l.next_attempt_at, l.lane
        """,
        Due::read,
        config.giveUpAfter().toMillis(),
        claim.endpoint().id(),
        except,
        limit);
  }

  /** Gives up the endpoint, so that another node need not wait for the end of the lease. */
  void release(Claim claim) {
    jdbc.update(
        """
        UPDATE webhook_endpoints SET owner = NULL, leased_until = '-infinity'
        WHERE id = ? AND fence = ?
        """,
        claim.endpoint().id(),
        claim.fence());
  }
}
