package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Money;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;

/**
 * Takes from budgets and gives back, each in one statement that locks the project's one row of
 * usage, so that no two calls are given the same tokens, from whatever node they come.
 */
@ApplicationScoped
class ReservationStore {
  /** A call is not made for a shorter answer, unless its caller wants a shorter one. */
  static final int MIN_ANSWER_TOKENS = 64;

  /** As long as other calls may give something back, a call rather waits than be cut shorter. */
  private static final int PREFERRED_ANSWER_TOKENS = 2_048;

  private static final double MAX_WAIT_SECONDS = 1e6;
  private static final double NANOS_A_SECOND = 1e9;

  /** No call is under way for longer: a run lives for ten minutes. */
  static final Duration MAX_CALL_TIME = Duration.ofMinutes(15);

  /**
   * What came of an attempt to reserve.
   *
   * @param isTaken whether something was reserved
   * @param completion tokens that the answer may have; null if no budget bounds it
   * @param tokens that were set aside
   * @param isSpent whether it would not fit either if all that others have set aside were given
   *     back
   * @param delay until the rate allows it
   */
  record Outcome(
      boolean isReserved,
      Integer maxCompletionTokens,
      long tokens,
      boolean isExhausted,
      Duration delay) {}

  private static final String RESERVE =
      """
      WITH ask AS (
        SELECT ?::text AS id, ?::text AS run_id, ?::timestamptz AS at, ?::timestamptz AS expires_at,
          ?::date AS day, ?::date AS month, ?::bigint AS prompt, ?::bigint AS wanted,
          ?::boolean AS capped, ?::double precision AS prompt_price,
          ?::double precision AS completion_price, ?::bigint AS estimate),
      state AS (
        SELECT a.*, u.project_id, u.reserved_tokens, u.reserved_cost, l.tokens_per_minute,
          LEAST(
            l.day_tokens - CASE WHEN u.day < a.day THEN 0 ELSE u.day_tokens END,
            l.month_tokens - CASE WHEN u.month < a.month THEN 0 ELSE u.month_tokens END,
            l.total_tokens - u.total_tokens) - a.prompt AS tokens_left,
          LEAST(
            l.day_cost - CASE WHEN u.day < a.day THEN 0 ELSE u.day_cost END,
            l.month_cost - CASE WHEN u.month < a.month THEN 0 ELSE u.month_cost END,
            l.total_cost - u.total_cost) - ceil(a.prompt * a.prompt_price) AS cost_left,
          bucket_left(u.tokens_left, u.tokens_at, l.tokens_per_minute, a.at) AS rate_left
        FROM ask a CROSS JOIN project_usage u JOIN project_limits l ON l.project_id = u.project_id
        WHERE u.project_id = ?
        FOR NO KEY UPDATE OF u),
      room AS (
        SELECT *,
          LEAST(tokens_left - reserved_tokens, floor(
            (cost_left - reserved_cost) / GREATEST(completion_price, 1e-9))) AS free,
          LEAST(tokens_left, floor(cost_left / GREATEST(completion_price, 1e-9))) AS free_later,
          COALESCE(GREATEST(0, LEAST(estimate, tokens_per_minute) - rate_left)
            * 60 / tokens_per_minute, 0) AS wait
        FROM state),
      offer AS (
        SELECT *, CASE
          WHEN free IS NULL THEN wanted
          WHEN free >= LEAST(wanted, %d) THEN
            LEAST(wanted, GREATEST(CASE WHEN capped THEN free ELSE floor(free / 4) END, %d), free)
          WHEN reserved_tokens = 0 AND free >= LEAST(wanted, %d) THEN LEAST(wanted, free)
          END::bigint AS completion
        FROM room),
      taken AS (
        UPDATE project_usage u SET
          reserved_tokens = u.reserved_tokens + o.prompt + o.completion,
          reserved_cost = u.reserved_cost + COALESCE(
            ceil(o.prompt * o.prompt_price + o.completion * o.completion_price), 0)::bigint,
          tokens_left = o.rate_left - o.estimate,
          tokens_at = GREATEST(u.tokens_at, o.at)
        FROM offer o
        WHERE u.project_id = o.project_id AND o.completion IS NOT NULL AND o.wait = 0
        RETURNING u.project_id),
      noted AS (
        INSERT INTO budget_reservations
          (project_id, id, run_id, tokens, cost, rate_tokens, expires_at)
        SELECT t.project_id, o.id, o.run_id, o.prompt + o.completion, COALESCE(
            ceil(o.prompt * o.prompt_price + o.completion * o.completion_price), 0)::bigint,
          o.estimate, o.expires_at
        FROM taken t JOIN offer o ON o.project_id = t.project_id)
      SELECT wait = 0 AND completion IS NOT NULL AS taken, wait,
        COALESCE(free_later < LEAST(wanted, %d), false) AS spent,
        CASE WHEN free IS NOT NULL THEN completion END AS completion,
        COALESCE(prompt + completion, 0) AS tokens
      FROM offer
      """
          .formatted(
              PREFERRED_ANSWER_TOKENS,
              PREFERRED_ANSWER_TOKENS,
              MIN_ANSWER_TOKENS,
              MIN_ANSWER_TOKENS);

  private static final String COUNT =
      """
      UPDATE project_usage u SET
        day_tokens = CASE WHEN u.day < a.day THEN 0 ELSE u.day_tokens END + a.tokens,
        day_cost = CASE WHEN u.day < a.day THEN 0 ELSE u.day_cost END + a.cost,
        day = GREATEST(u.day, a.day),
        month_tokens = CASE WHEN u.month < a.month THEN 0 ELSE u.month_tokens END + a.tokens,
        month_cost = CASE WHEN u.month < a.month THEN 0 ELSE u.month_cost END + a.cost,
        month = GREATEST(u.month, a.month),
        total_tokens = u.total_tokens + a.tokens,
        total_cost = u.total_cost + a.cost,
        reserved_tokens = u.reserved_tokens - a.reserved_tokens,
        reserved_cost = u.reserved_cost - a.reserved_cost,
        tokens_left = u.tokens_left + a.rate_tokens
      FROM (%s) a
      WHERE u.project_id = a.project_id
      """;

  /** What is only counted. */
  private static final String COUNT_ONLY =
      COUNT.formatted(
          """
          SELECT ?::text AS project_id, ?::date AS day, ?::date AS month, ?::bigint AS tokens,
            ?::bigint AS cost, 0 AS reserved_tokens, 0 AS reserved_cost, 0 AS rate_tokens
          """);

  private static final String SETTLE =
      "WITH gone AS (DELETE FROM budget_reservations WHERE project_id = ? AND id = ? RETURNING *)\n"
          + COUNT.formatted(
              """
              SELECT project_id, ?::date AS day, ?::date AS month, ?::bigint AS tokens,
                ?::bigint AS cost, gone.tokens AS reserved_tokens, gone.cost AS reserved_cost,
                gone.rate_tokens - ?::bigint AS rate_tokens
              FROM gone
              """);

  /** What was set aside counts as used, whole. */
  private static final String ABANDON =
      COUNT.formatted(
          """
          SELECT project_id, ?::date AS day, ?::date AS month, sum(tokens)::bigint AS tokens,
            sum(cost)::bigint AS cost, sum(tokens)::bigint AS reserved_tokens,
            sum(cost)::bigint AS reserved_cost, 0 AS rate_tokens
          FROM gone GROUP BY project_id
          """);

  private static final String ABANDON_RUN =
      "WITH gone AS (DELETE FROM budget_reservations WHERE project_id = ? AND run_id = ? RETURNING *)\n"
          + ABANDON;

  private static final String ABANDON_OVERDUE =
      "WITH gone AS (DELETE FROM budget_reservations WHERE project_id = ? AND expires_at <= ? RETURNING *)\n"
          + ABANDON;

  /** Sets aside what the call may use, if there is so much; null if the project has no limits. */
  Outcome reserve(Tx tx, ProjectId project, String id, RunId run, CallEstimate demand, Instant at) {
    var price = demand.price();
    return tx.one(
            RESERVE,
            ReservationStore::readOutcome,
            id,
            run,
            at,
            at.plus(MAX_CALL_TIME),
            LimitsStore.day(at),
            LimitsStore.month(at),
            demand.maxPromptTokens(),
            demand.maxCompletionTokens(),
            demand.isCapped(),
            price == null ? null : price.inputNanos(),
            price == null ? null : price.outputNanos(),
            demand.expectedTokens(),
            project)
        .orElse(null);
  }

  private static Outcome readOutcome(Row row) throws SQLException {
    return new Outcome(
        row.bool("taken"),
        row.integer("completion"),
        row.bigint("tokens"),
        row.bool("spent"),
        seconds(row.float8("wait")));
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) Math.ceil(Math.min(seconds, MAX_WAIT_SECONDS) * NANOS_A_SECOND));
  }

  /** Gives back what was set aside, and counts what was used. Does so once. */
  void settle(Tx tx, Reservation reservation, long tokens, Money cost, Instant at) {
    if (reservation.id() == null) {
      tx.defer(
          COUNT_ONLY,
          reservation.project(),
          LimitsStore.day(at),
          LimitsStore.month(at),
          tokens,
          cost.nanos());
    } else {
      tx.defer(
          SETTLE,
          reservation.project(),
          reservation.id(),
          LimitsStore.day(at),
          LimitsStore.month(at),
          tokens,
          cost.nanos(),
          tokens);
    }
  }

  /** Counts as used what an attempt at a run has set aside that has come to nothing. */
  void abandon(Tx tx, ProjectId project, RunId run, Instant at) {
    tx.update(ABANDON_RUN, project, run, LimitsStore.day(at), LimitsStore.month(at));
  }

  /** Counts as used what was set aside long ago. False if there is none. */
  boolean expire(Tx tx, ProjectId project, Instant at) {
    return tx.update(ABANDON_OVERDUE, project, at, LimitsStore.day(at), LimitsStore.month(at)) > 0;
  }
}
