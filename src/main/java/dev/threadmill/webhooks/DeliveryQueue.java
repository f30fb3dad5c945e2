package dev.threadmill.webhooks;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The deliveries that wait, in lanes, and the claims of endpoints. All times are those of the
 * database. Rows are locked in one order: deliveries, lanes, endpoints.
 */
@ApplicationScoped
class DeliveryQueue {
  private static final int MAX_HISTORY = 20;

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
   * Adds deliveries in their order, except those that are there already. Those that exceed the
   * bound of a queue become dead letters, and what exceeds their bound is not kept.
   */
  void add(List<NewDelivery> deliveries) {
    var rows = Json.MAPPER.createArrayNode();
    deliveries.forEach(delivery -> rows.add(delivery.row()));
    jdbc.update(
        """
        WITH added AS (
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
          HAVING (SELECT count(*) FROM lanes) >= 0)
        UPDATE webhook_endpoints e SET pending = e.pending + c.pending, dead = e.dead + c.dead
        FROM (SELECT * FROM counts ORDER BY endpoint_id) c
        WHERE e.id = c.endpoint_id AND NOT e.deleted
        """,
        config.maxQueued(),
        config.maxQueued(),
        config.maxQueued(),
        "[{\"error\": \"The queue of the endpoint was full.\"}]",
        rows,
        config.maxQueued(),
        config.maxQueued());
  }

  /**
   * An endpoint that this node delivers to.
   *
   * @param fence what its writes have to name
   */
  record Claim(WebhookEndpoint endpoint, long fence) {}

  /** Claims endpoints that no node delivers to and that have something due. */
  List<Claim> claim(String node, int limit) {
    return jdbc.updateReturning(
        """
        UPDATE webhook_endpoints SET owner = ?, fence = fence + 1,
          leased_until = clock_timestamp() + ? * interval '1 millisecond'
        WHERE id IN (
          SELECT e.id FROM webhook_endpoints e
          WHERE e.pending > 0 AND %s AND e.leased_until <= clock_timestamp() AND EXISTS (
            SELECT 1 FROM webhook_lanes l
            WHERE l.endpoint_id = e.id AND l.next_attempt_at <= clock_timestamp())
          ORDER BY e.id LIMIT ? FOR UPDATE SKIP LOCKED)
        RETURNING fence, %s
        """
            .formatted(WebhookEndpoint.RECEIVES, WebhookEndpoint.COLUMNS),
        row -> new Claim(WebhookEndpoint.read(row), row.bigint("fence")),
        node,
        config.lease().toMillis(),
        limit);
  }

  /** The time until something is due that no node works on; empty if nothing is. */
  Optional<Duration> untilDue() {
    return jdbc.one(
            """
            SELECT (date_part('epoch', min(greatest(l.next_attempt_at, e.leased_until))
              - clock_timestamp()) * 1000)::bigint AS millis
            FROM webhook_endpoints e CROSS JOIN LATERAL (
              SELECT CASE WHEN isfinite(next_attempt_at) THEN next_attempt_at
                ELSE clock_timestamp() END AS next_attempt_at
              FROM webhook_lanes WHERE endpoint_id = e.id ORDER BY webhook_lanes.next_attempt_at
              LIMIT 1) l
            WHERE e.pending > 0 AND %s
            """
                .formatted(WebhookEndpoint.RECEIVES),
            row -> row.bigint("millis"))
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
   * @return the endpoint as it is now; empty if this node has lost it, or nothing is to be sent to
   *     it
   */
  Optional<WebhookEndpoint> renew(Claim claim) {
    return jdbc.updateReturningOne(
        """
        UPDATE webhook_endpoints e
        SET leased_until = clock_timestamp() + ? * interval '1 millisecond'
        WHERE id = ? AND fence = ? AND %s RETURNING %s
        """
            .formatted(WebhookEndpoint.RECEIVES, WebhookEndpoint.COLUMNS),
        WebhookEndpoint::read,
        config.lease().toMillis(),
        claim.endpoint().id(),
        claim.fence());
  }

  /**
   * The first delivery of each lane that is due.
   *
   * @param except lanes that are being delivered
   */
  List<Due> due(Claim claim, Collection<String> except, int limit) {
    return jdbc.list(
        """
            SELECT d.id, d.lane, d.event_id, d.body, d.attempts,
              d.since <= clock_timestamp() - ? * interval '1 millisecond' AS is_last
            FROM webhook_lanes l CROSS JOIN LATERAL (
              SELECT * FROM webhook_deliveries d
              WHERE d.endpoint_id = l.endpoint_id AND d.lane = l.lane AND d.status = 'pending'
              ORDER BY d.position LIMIT 1) d
            WHERE l.endpoint_id = ? AND l.next_attempt_at <= clock_timestamp()
              AND l.lane <> ALL (?)
            ORDER BY l.next_attempt_at, d.position LIMIT ?
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

  /**
   * Stores that a delivery arrived. Fails with a fenced {@link dev.threadmill.db.DatabaseException}
   * if this node has lost the endpoint, or the outcome of the attempt is stored already.
   */
  void delivered(Claim claim, Due due, DeliveryObject.Attempt attempt) {
    jdbc.runInTransaction(
        tx -> {
          end(tx, due, "delivered", attempt);
          leaveLane(tx, claim, due);
          tx.deferFenced(
              "UPDATE webhook_endpoints SET pending = pending - 1 WHERE id = ? AND fence = ?",
              claim.endpoint().id(),
              claim.fence());
        });
  }

  /** Stores that a delivery is given up, as {@link #delivered}. Its lane goes on behind it. */
  void dead(Claim claim, Due due, DeliveryObject.Attempt attempt) {
    jdbc.runInTransaction(
        tx -> {
          end(tx, due, "dead", attempt);
          leaveLane(tx, claim, due);
          tx.deferFenced(
              """
              UPDATE webhook_endpoints SET pending = pending - 1, dead = dead + 1
              WHERE id = ? AND fence = ?\
              """,
              claim.endpoint().id(),
              claim.fence());
        });
  }

  /** Stores that an attempt failed, as {@link #delivered}. Its lane waits for the pause. */
  void failed(Claim claim, Due due, DeliveryObject.Attempt attempt, Duration pause) {
    jdbc.runInTransaction(
        tx -> {
          tx.deferFenced(
              """
              UPDATE webhook_deliveries SET attempts = attempts + 1, history = %s
              WHERE id = ? AND status = 'pending' AND attempts = ?\
              """
                  .formatted(history()),
              Tx.json(attempt),
              due.id(),
              due.attempts());
          tx.defer(
              """
              UPDATE webhook_lanes SET attempts = attempts + 1,
                next_attempt_at = clock_timestamp() + ? * interval '1 millisecond'
              WHERE endpoint_id = ? AND lane = ?
              """,
              pause.toMillis(),
              claim.endpoint().id(),
              due.lane());
          tx.deferFenced(
              "UPDATE webhook_endpoints SET pending = pending WHERE id = ? AND fence = ?",
              claim.endpoint().id(),
              claim.fence());
        });
  }

  private static void end(Tx tx, Due due, String status, DeliveryObject.Attempt attempt) {
    // A try whose commit broke off may have been stored: the same attempt is not stored again.
    tx.deferFenced(
        """
        UPDATE webhook_deliveries SET status = ?, ended_at = clock_timestamp(),
          attempts = attempts + 1, history = %s
        WHERE id = ? AND status = 'pending' AND attempts = ?\
        """
            .formatted(history()),
        status,
        Tx.json(attempt),
        due.id(),
        due.attempts());
  }

  private static void leaveLane(Tx tx, Claim claim, Due due) {
    tx.defer(
        """
        UPDATE webhook_lanes SET pending = pending - 1, attempts = 0,
          next_attempt_at = '-infinity' WHERE endpoint_id = ? AND lane = ?
        """,
        claim.endpoint().id(),
        due.lane());
    tx.defer(
        "DELETE FROM webhook_lanes WHERE endpoint_id = ? AND lane = ? AND pending <= 0",
        claim.endpoint().id(),
        due.lane());
  }

  /** The history with one more attempt, without the oldest beyond its bound. */
  private static String history() {
    return "(CASE WHEN jsonb_array_length(history) >= %d THEN history - 0 ELSE history END) || ?::jsonb"
        .formatted(MAX_HISTORY);
  }
}
