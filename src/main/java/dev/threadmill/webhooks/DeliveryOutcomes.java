package dev.threadmill.webhooks;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.webhooks.DeliveryQueue.Claim;
import dev.threadmill.webhooks.DeliveryQueue.Due;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Collection;

/**
 * Stores what becomes of the deliveries of a {@link DeliveryQueue}, as long as this node has the
 * endpoint.
 */
@ApplicationScoped
class DeliveryOutcomes {
  private static final int MAX_HISTORY = 20;

  private static final DeliveryObject.Attempt NOT_ATTEMPTED =
      new DeliveryObject.Attempt(
          null, null, null, "The endpoint failed for as long as the delivery was tried.");

  private final Jdbc jdbc;
  private final WebhooksConfig config;

  DeliveryOutcomes(Jdbc jdbc, WebhooksConfig config) {
    this.jdbc = jdbc;
    this.config = config;
  }

  /**
   * Stores that a delivery arrived. Fails with a fenced {@link DatabaseException} if this node has
   * lost the endpoint, or the outcome of the attempt is stored already.
   */
  void delivered(Claim claim, Due due, DeliveryObject.Attempt attempt) {
    jdbc.runInTransaction(
        tx -> {
          end(tx, due, "delivered", attempt);
          leaveLane(tx, claim, due);
          tx.deferFenced(
              """
              UPDATE webhook_endpoints SET pending = pending - 1, failures = 0,
                next_attempt_at = '-infinity' WHERE id = ? AND fence = ?\
              """,
              claim.endpoint().id(),
              claim.fence());
        });
  }

  /**
   * What a failed attempt says of its endpoint.
   *
   * @param failures how many attempts have failed in a row
   * @param pause in which nothing is sent to the endpoint
   */
  record Failing(int failures, Duration pause) {}

  /** Stores that a delivery is given up, as {@link #delivered}. Its lane goes on behind it. */
  void dead(Claim claim, Due due, DeliveryObject.Attempt attempt, Failing failing) {
    jdbc.runInTransaction(
        tx -> {
          end(tx, due, "dead", attempt);
          leaveLane(tx, claim, due);
          fail(tx, claim, failing, 1);
        });
  }

  /** Stores that an attempt failed, as {@link #delivered}. Its lane waits for the pause. */
  void failed(
      Claim claim, Due due, DeliveryObject.Attempt attempt, Duration pause, Failing failing) {
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
          pauseLane(tx, claim, due, 1, pause);
          fail(tx, claim, failing, 0);
        });
  }

  /** Lets a lane wait for the pause. No attempt is counted, since none has left this node. */
  void postpone(Claim claim, Due due, Duration pause) {
    jdbc.runInTransaction(
        tx -> {
          pauseLane(tx, claim, due, 0, pause);
          tx.deferFenced(
              "UPDATE webhook_endpoints SET pending = pending WHERE id = ? AND fence = ?",
              claim.endpoint().id(),
              claim.fence());
        });
  }

  private static void pauseLane(Tx tx, Claim claim, Due due, int attempts, Duration pause) {
    tx.defer(
        """
        UPDATE webhook_lanes SET attempts = attempts + ?,
          next_attempt_at = clock_timestamp() + ? * interval '1 millisecond'
        WHERE endpoint_id = ? AND lane = ?
        """,
        attempts,
        pause.toMillis(),
        claim.endpoint().id(),
        due.lane());
  }

  private static void fail(Tx tx, Claim claim, Failing failing, int dead) {
    tx.deferFenced(
        """
        UPDATE webhook_endpoints SET pending = pending - ?, dead = dead + ?, failures = ?,
          next_attempt_at =
            greatest(next_attempt_at, clock_timestamp() + ? * interval '1 millisecond')
        WHERE id = ? AND fence = ?\
        """,
        dead,
        dead,
        failing.failures(),
        failing.pause().toMillis(),
        claim.endpoint().id(),
        claim.fence());
  }

  /**
   * Gives up the deliveries of a failing endpoint that wait for too long, without an attempt of
   * each.
   *
   * @param except lanes that are being delivered
   * @return how many were given up, at most the limit
   */
  int giveUpOverdue(Claim claim, Collection<String> except, int limit) {
    return jdbc.inTransaction(
        tx -> {
          int count =
              tx.updateReturning(
                      """
                      WITH chosen AS MATERIALIZED (
                        SELECT id FROM webhook_deliveries
                        WHERE endpoint_id = ? AND status = 'pending' AND lane <> ALL (?)
                          AND since <= statement_timestamp() - ? * interval '1 millisecond'
                        ORDER BY since LIMIT ? FOR UPDATE),
                      ended AS (
                        UPDATE webhook_deliveries d SET status = 'dead',
                          ended_at = clock_timestamp(), history = %s
                        FROM (SELECT id AS chosen_id FROM chosen) c WHERE d.id = c.chosen_id
                        RETURNING d.lane),
                      lanes AS (
                        UPDATE webhook_lanes l SET pending = l.pending - c.n, attempts = 0,
                          next_attempt_at = clock_timestamp()
                        FROM (SELECT lane, count(*) AS n FROM ended GROUP BY lane) c
                        WHERE l.endpoint_id = ? AND l.lane = c.lane RETURNING 1)
                      SELECT lane FROM ended WHERE (SELECT count(*) FROM lanes) >= 0
                      """
                          .formatted(history()),
                      row -> row.text("lane"),
                      claim.endpoint().id(),
                      except,
                      config.giveUpAfter().toMillis(),
                      limit,
                      Tx.json(NOT_ATTEMPTED),
                      claim.endpoint().id())
                  .size();
          if (count > 0) {
            tx.defer(
                "DELETE FROM webhook_lanes WHERE endpoint_id = ? AND pending <= 0",
                claim.endpoint().id());
            tx.deferFenced(
                """
                UPDATE webhook_endpoints SET pending = pending - ?, dead = dead + ?
                WHERE id = ? AND fence = ?\
                """,
                count,
                count,
                claim.endpoint().id(),
                claim.fence());
          }
          return count;
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
          next_attempt_at = clock_timestamp() WHERE endpoint_id = ? AND lane = ?
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
