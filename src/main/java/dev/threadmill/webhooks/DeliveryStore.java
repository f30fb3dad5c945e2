package dev.threadmill.webhooks;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The deliveries of endpoints as clients see them: lists, replays, and their deletion. */
@ApplicationScoped
public class DeliveryStore {
  private final Jdbc jdbc;

  DeliveryStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * The deliveries of an endpoint.
   *
   * @param status null for all
   */
  Page<DeliveryObject> list(String endpoint, String status, PageRequest page) {
    var deliveries =
        Keyset.of(DeliveryObject.COLUMNS, "webhook_deliveries").within("endpoint_id = ?", endpoint);
    if (status != null) {
      deliveries.filteredBy("status = ?", status);
    }
    return deliveries.page(
        page, (sql, params) -> jdbc.list(sql, DeliveryObject::read, params), DeliveryObject::id);
  }

  Optional<DeliveryObject> find(String endpoint, String id) {
    return jdbc.one(
        "SELECT %s FROM webhook_deliveries WHERE id = ? AND endpoint_id = ?"
            .formatted(DeliveryObject.COLUMNS),
        DeliveryObject::read,
        id,
        endpoint);
  }

  /**
   * Queues a delivery that has ended again, behind those that wait in its lane. An endpoint that
   * fails is tried at once.
   *
   * @return empty if there is none that has ended
   * @throws ApiException 404 if the endpoint was deleted meanwhile
   */
  Optional<DeliveryObject> replay(String endpoint, String id) {
    return jdbc.inTransaction(
        tx ->
            queueAgain(
                    tx,
                    "SELECT id, position, status = 'dead' AS was_dead FROM webhook_deliveries"
                        + " WHERE endpoint_id = ? AND id = ? AND status <> 'pending' FOR UPDATE",
                    endpoint,
                    id)
                .stream()
                .findFirst());
  }

  /** As {@link #replay}, for the oldest dead letters, in their order. How many there were. */
  int replayDead(String endpoint, int limit) {
    return jdbc.inTransaction(
        tx ->
            queueAgain(
                    tx,
                    "SELECT id, position, true AS was_dead FROM webhook_deliveries"
                        + " WHERE endpoint_id = ? AND status = 'dead' ORDER BY position LIMIT ?"
                        + " FOR UPDATE",
                    endpoint,
                    limit)
                .size());
  }

  private static List<DeliveryObject> queueAgain(
      Tx tx, String selection, String endpoint, Object param) {
    var queued =
        tx.updateReturning(
            """
            WITH chosen AS MATERIALIZED (%s),
            replayed AS (
              UPDATE webhook_deliveries d SET status = 'pending', position = c.next_position,
                since = clock_timestamp(), ended_at = NULL, attempts = 0
              FROM (
                SELECT id AS chosen_id, was_dead,
                  nextval(pg_get_serial_sequence('webhook_deliveries', 'position'))
                    AS next_position
                FROM (SELECT * FROM chosen ORDER BY position) in_order) c
              WHERE d.id = c.chosen_id
              RETURNING d.*, c.was_dead),
            lanes AS (
              INSERT INTO webhook_lanes AS l (endpoint_id, lane, pending)
              SELECT endpoint_id, lane, count(*) FROM replayed GROUP BY 1, 2 ORDER BY 1, 2
              ON CONFLICT (endpoint_id, lane) DO UPDATE SET pending = l.pending + excluded.pending
              RETURNING 1)
            SELECT %s, was_dead FROM replayed WHERE (SELECT count(*) FROM lanes) >= 0
            """
                .formatted(selection, DeliveryObject.COLUMNS),
            row -> new Replayed(DeliveryObject.read(row), row.bool("was_dead")),
            endpoint,
            param);
    long dead = queued.stream().filter(Replayed::wasDead).count();
    if (!queued.isEmpty()) {
      int counted =
          tx.update(
              """
              UPDATE webhook_endpoints SET pending = pending + ?, dead = dead - ?,
                next_attempt_at = '-infinity' WHERE id = ? AND NOT deleted
              """,
              queued.size(),
              dead,
              endpoint);
      if (counted == 0) {
        throw ApiException.notFound("webhook endpoint", endpoint);
      }
    }
    return queued.stream().map(Replayed::delivery).toList();
  }

  private record Replayed(DeliveryObject delivery, boolean wasDead) {}

  /**
   * Deletes deliveries that ended before their retention.
   *
   * @param status {@code delivered} or {@code dead}
   * @return how many were deleted, at most the limit
   */
  int deleteEnded(String status, Duration retention, int limit) {
    return jdbc.inTransaction(
        tx -> {
          var deleted =
              tx.updateReturning(
                  """
                  DELETE FROM webhook_deliveries WHERE id IN (
                    SELECT id FROM webhook_deliveries
                    WHERE status = ? AND status <> 'pending'
                      AND ended_at < clock_timestamp() - ? * interval '1 millisecond'
                    ORDER BY ended_at, id LIMIT ? FOR UPDATE SKIP LOCKED)
                  RETURNING endpoint_id
                  """,
                  row -> row.text("endpoint_id"),
                  status,
                  retention.toMillis(),
                  limit);
          if (status.equals("dead")) {
            countDead(tx, deleted);
          }
          return deleted.size();
        });
  }

  /**
   * Deletes the oldest dead letters of endpoints that have too many.
   *
   * @return how many were deleted, at most the limit for each endpoint
   */
  int deleteSurplusDead(int max, int limit) {
    return jdbc.inTransaction(
        tx -> {
          var deleted =
              tx.updateReturning(
                  """
                  DELETE FROM webhook_deliveries WHERE id IN (
                    SELECT d.id FROM webhook_endpoints e CROSS JOIN LATERAL (
                      SELECT id FROM webhook_deliveries
                      WHERE endpoint_id = e.id AND status = 'dead'
                      ORDER BY position LIMIT least(e.dead - ?, ?) FOR UPDATE SKIP LOCKED) d
                    WHERE e.dead > ?)
                  RETURNING endpoint_id
                  """,
                  row -> row.text("endpoint_id"),
                  max,
                  limit,
                  max);
          countDead(tx, deleted);
          return deleted.size();
        });
  }

  /** Takes deleted dead letters off the counts of their endpoints. */
  private static void countDead(Tx tx, List<String> endpoints) {
    if (!endpoints.isEmpty()) {
      tx.update(
          """
          UPDATE webhook_endpoints e SET dead = e.dead - c.n
          FROM (SELECT id, count(*) AS n FROM unnest(?) AS id GROUP BY id ORDER BY id) c
          WHERE e.id = c.id
          """,
          endpoints);
    }
  }

  /** Deletes the endpoints of projects that were archived, which is for good. */
  void deleteEndpointsOfArchivedProjects() {
    jdbc.update(
        """
        UPDATE webhook_endpoints SET deleted = true, pending = 0, fence = fence + 1, owner = NULL
        WHERE id IN (
          SELECT id FROM webhook_endpoints e
          WHERE NOT e.deleted AND NOT EXISTS (
            SELECT 1 FROM projects p WHERE p.id = e.project_id AND p.status = 'active')
          ORDER BY id FOR UPDATE SKIP LOCKED)
        """);
  }

  /**
   * Deletes some deliveries of deleted endpoints, and the endpoints that have none left.
   *
   * @return how many deliveries were deleted, at most the limit
   */
  int deleteOfDeletedEndpoints(int limit) {
    return jdbc.inTransaction(
        tx -> {
          // Other nodes delete at the same time: what they have locked is theirs.
          int deleted =
              tx.update(
                  """
                  DELETE FROM webhook_deliveries WHERE id IN (
                    SELECT d.id FROM webhook_endpoints e
                    JOIN webhook_deliveries d ON d.endpoint_id = e.id
                    WHERE e.deleted ORDER BY d.id LIMIT ? FOR UPDATE OF d SKIP LOCKED)
                  """,
                  limit);
          tx.update(
              """
              DELETE FROM webhook_lanes WHERE (endpoint_id, lane) IN (
                SELECT l.endpoint_id, l.lane FROM webhook_endpoints e
                JOIN webhook_lanes l ON l.endpoint_id = e.id
                WHERE e.deleted ORDER BY 1, 2 LIMIT ? FOR UPDATE OF l SKIP LOCKED)
              """,
              limit);
          tx.update(
              """
              DELETE FROM webhook_endpoints WHERE id IN (
                SELECT id FROM webhook_endpoints e
                WHERE e.deleted
                  AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id)
                  AND NOT EXISTS (SELECT 1 FROM webhook_lanes l WHERE l.endpoint_id = e.id)
                ORDER BY id FOR UPDATE SKIP LOCKED)
              """);
          return deleted;
        });
  }

  /** Deletes the deliveries of a thread, with what is still to be delivered. */
  public void deleteOfThread(ProjectId project, ThreadId thread) {
    jdbc.runInTransaction(
        tx -> {
          tx.update(
              """
              DELETE FROM webhook_lanes WHERE lane = ? AND endpoint_id IN (
                SELECT id FROM webhook_endpoints WHERE project_id = ?)
              """,
              thread.value(),
              project);
          tx.update(
              """
              DELETE FROM webhook_deliveries WHERE lane = ? AND endpoint_id IN (
                SELECT id FROM webhook_endpoints WHERE project_id = ?)
              """,
              thread.value(),
              project);
        });
  }
}
