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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Reserves and settles usage, each in one statement that locks the usage row of every scope that a
 * call counts against, in the order of (scope, scope_id). So no two calls on any nodes reserve the
 * same tokens, and they cannot deadlock. What a budget does not cover is taken from bursts.
 */
@ApplicationScoped
class ReservationStore {
  /** A call is not made for a shorter answer, unless its caller wants a shorter one. */
  static final int MIN_ANSWER_TOKENS = 64;

  /** While other calls may return tokens, a call waits rather than have a shorter answer. */
  private static final int PREFERRED_ANSWER_TOKENS = 2_048;

  private static final double MAX_WAIT_SECONDS = 1e6;
  private static final double NANOS_A_SECOND = 1e9;

  /** No call takes longer: a run expires after ten minutes. */
  static final Duration MAX_CALL_TIME = Duration.ofMinutes(15);

  /**
   * The result of an attempt to reserve.
   *
   * @param isReserved whether something was reserved
   * @param maxCompletionTokens tokens that the answer may have; null if no budget bounds it
   * @param tokens that were reserved
   * @param isExhausted whether it would not fit even if all other reservations were returned
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
      WITH request AS (
        SELECT ?::text AS id, ?::text AS run_id, ?::timestamptz AS at, ?::timestamptz AS expires_at,
          ?::date AS day, ?::date AS month, ?::bigint AS prompt, ?::bigint AS wanted,
          ?::boolean AS capped, ?::numeric AS prompt_price,
          ?::numeric AS completion_price, ?::bigint AS estimate),
      state AS (
        SELECT a.*, u.project_id, u.scope, u.scope_id, u.reserved_tokens, u.reserved_cost,
          l.tokens_per_minute,
          LEAST(
            l.day_tokens - CASE WHEN u.day < a.day THEN 0 ELSE u.day_tokens END,
            l.month_tokens - CASE WHEN u.month < a.month THEN 0 ELSE u.month_tokens END,
            l.total_tokens - u.total_tokens) + burst_left(u.bursts, 'tokens', a.at)
            - a.prompt AS tokens_left,
          LEAST(
            l.day_cost - CASE WHEN u.day < a.day THEN 0 ELSE u.day_cost END,
            l.month_cost - CASE WHEN u.month < a.month THEN 0 ELSE u.month_cost END,
            l.total_cost - u.total_cost) + burst_left(u.bursts, 'cost', a.at)
            - ceil(a.prompt * a.prompt_price) AS cost_left,
          bucket_left(u.tokens_left, u.tokens_at, l.tokens_per_minute, a.at) AS rate_left
        FROM request a CROSS JOIN unnest(?::text[], ?::text[]) AS s (scope, scope_id)
        JOIN usage_counters u
          ON u.project_id = ? AND u.scope = s.scope AND u.scope_id = s.scope_id
        JOIN usage_limits l
          ON l.project_id = u.project_id AND l.scope = u.scope AND l.scope_id = u.scope_id
        ORDER BY u.scope, u.scope_id
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
          WHEN free >= LEAST(wanted, %1$d) THEN
            LEAST(wanted, GREATEST(CASE WHEN capped THEN free ELSE floor(free / 4) END, %1$d), free)
          WHEN reserved_tokens = 0 AND free >= LEAST(wanted, %2$d) THEN LEAST(wanted, free)
          END::bigint AS completion
        FROM room),
      decision AS (
        SELECT max(wait) AS wait, max(wait) = 0 AND bool_and(completion IS NOT NULL) AS admitted,
          CASE WHEN bool_and(completion IS NOT NULL) THEN min(completion) END AS completion,
          bool_or(free IS NOT NULL) AS bounded, max(prompt) AS prompt,
          bool_or(COALESCE(free_later < LEAST(wanted, %2$d), false)) AS spent
        FROM offer HAVING count(*) > 0),
      reserved AS (
        UPDATE usage_counters u SET
          reserved_tokens = u.reserved_tokens + o.prompt + d.completion,
          reserved_cost = u.reserved_cost + COALESCE(
            ceil(o.prompt * o.prompt_price + d.completion * o.completion_price), 0)::bigint,
          tokens_left = o.rate_left - o.estimate,
          tokens_at = GREATEST(u.tokens_at, o.at)
        FROM offer o CROSS JOIN decision d
        WHERE d.admitted AND u.project_id = o.project_id AND u.scope = o.scope AND u.scope_id = o.scope_id
        RETURNING u.project_id, u.scope, u.scope_id),
      recorded AS (
        INSERT INTO usage_reservations
          (project_id, id, scope, scope_id, run_id, tokens, cost, rate_tokens, expires_at)
        SELECT t.project_id, o.id, t.scope, t.scope_id, o.run_id, o.prompt + d.completion, COALESCE(
            ceil(o.prompt * o.prompt_price + d.completion * o.completion_price), 0)::bigint,
          o.estimate, o.expires_at
        FROM reserved t JOIN offer o ON o.scope = t.scope AND o.scope_id = t.scope_id CROSS JOIN decision d)
      SELECT admitted, wait, spent, CASE WHEN bounded THEN completion END AS completion,
        COALESCE(prompt + completion, 0) AS tokens
      FROM decision
      """
          .formatted(PREFERRED_ANSWER_TOKENS, MIN_ANSWER_TOKENS);

  /** Behind a CTE named amounts: what to count in which scope, and which reservation that ends. */
  private static final String COUNT =
      """
      , locked AS (
        SELECT a.*,
          CASE WHEN c.bursts IS NULL THEN 0 ELSE GREATEST(0, LEAST(
            burst_left(c.bursts, 'tokens', a.usable_at), a.tokens,
            a.tokens - COALESCE(LEAST(
              l.day_tokens - CASE WHEN c.day < a.day THEN 0 ELSE c.day_tokens END,
              l.month_tokens - CASE WHEN c.month < a.month THEN 0 ELSE c.month_tokens END,
              l.total_tokens - c.total_tokens), a.tokens))) END AS burst_tokens,
          CASE WHEN c.bursts IS NULL THEN 0 ELSE GREATEST(0, LEAST(
            burst_left(c.bursts, 'cost', a.usable_at), a.cost,
            a.cost - COALESCE(LEAST(
              l.day_cost - CASE WHEN c.day < a.day THEN 0 ELSE c.day_cost END,
              l.month_cost - CASE WHEN c.month < a.month THEN 0 ELSE c.month_cost END,
              l.total_cost - c.total_cost), a.cost))) END AS burst_cost
        FROM amounts a JOIN usage_counters c
          ON c.project_id = a.project_id AND c.scope = a.scope AND c.scope_id = a.scope_id
        LEFT JOIN usage_limits l
          ON l.project_id = c.project_id AND l.scope = c.scope AND l.scope_id = c.scope_id
        ORDER BY c.scope, c.scope_id FOR NO KEY UPDATE OF c)
      UPDATE usage_counters u SET
        day_tokens = CASE WHEN u.day < a.day THEN 0 ELSE u.day_tokens END + a.tokens - a.burst_tokens,
        day_cost = CASE WHEN u.day < a.day THEN 0 ELSE u.day_cost END + a.cost - a.burst_cost,
        day = GREATEST(u.day, a.day),
        month_tokens = CASE WHEN u.month < a.month THEN 0 ELSE u.month_tokens END + a.tokens
          - a.burst_tokens,
        month_cost = CASE WHEN u.month < a.month THEN 0 ELSE u.month_cost END + a.cost - a.burst_cost,
        month = GREATEST(u.month, a.month),
        total_tokens = u.total_tokens + a.tokens - a.burst_tokens,
        total_cost = u.total_cost + a.cost - a.burst_cost,
        bursts = CASE WHEN a.burst_tokens + a.burst_cost = 0 THEN u.bursts
          ELSE burst_take(u.bursts, a.burst_tokens, a.burst_cost, a.usable_at) END,
        reserved_tokens = u.reserved_tokens - a.reserved_tokens,
        reserved_cost = u.reserved_cost - a.reserved_cost,
        tokens_left = u.tokens_left + a.rate_tokens
      FROM locked a
      WHERE u.project_id = a.project_id AND u.scope = a.scope AND u.scope_id = a.scope_id
      """;

  /** Counts usage for which nothing was reserved. */
  private static final String COUNT_ONLY =
      """
      WITH amounts AS (
        SELECT ?::text AS project_id, s.scope, s.scope_id, ?::date AS day, ?::date AS month,
          ?::timestamptz AS usable_at,
          ?::bigint AS tokens, ?::bigint AS cost, 0 AS reserved_tokens, 0 AS reserved_cost,
          0 AS rate_tokens
        FROM unnest(?::text[], ?::text[]) AS s (scope, scope_id))
      """
          + COUNT;

  private static final String SETTLE =
      """
      WITH deleted AS (
        DELETE FROM usage_reservations WHERE project_id = ? AND id = ? RETURNING *),
      amounts AS (
        SELECT project_id, scope, scope_id, ?::date AS day, ?::date AS month,
          ?::timestamptz AS usable_at, ?::bigint AS tokens, ?::bigint AS cost, deleted.tokens AS reserved_tokens,
          deleted.cost AS reserved_cost, deleted.rate_tokens - ?::bigint AS rate_tokens
        FROM deleted)
      """
          + COUNT;

  /** Reservations that are never settled count as used in full. */
  private static final String ABANDON =
      """
      amounts AS (
        SELECT project_id, scope, scope_id, ?::date AS day, ?::date AS month,
          ?::timestamptz AS usable_at, sum(tokens)::bigint AS tokens, sum(cost)::bigint AS cost,
          sum(tokens)::bigint AS reserved_tokens, sum(cost)::bigint AS reserved_cost,
          0 AS rate_tokens
        FROM deleted GROUP BY project_id, scope, scope_id)
      """
          + COUNT;

  private static final String RETURNING = " RETURNING a.tokens, a.cost";

  private static final String ABANDON_RUN =
      """
      WITH deleted AS (
        DELETE FROM usage_reservations WHERE project_id = ? AND run_id = ? RETURNING *),
      """
          + ABANDON;

  private static final String EXPIRE =
      """
      WITH deleted AS (
        DELETE FROM usage_reservations WHERE project_id = ? AND expires_at <= ? RETURNING *),
      """
          + ABANDON;

  /** Reserves the most that the call may use; null if no scope has a row of usage. */
  Outcome reserve(
      Tx tx, List<LimitScope> scopes, String id, RunId run, CallEstimate estimate, Instant at) {
    var price = estimate.price();
    return tx.updateReturningOne(
            RESERVE,
            ReservationStore::readOutcome,
            id,
            run,
            at,
            at.plus(MAX_CALL_TIME),
            LimitsStore.day(at),
            LimitsStore.month(at),
            estimate.maxPromptTokens(),
            estimate.maxCompletionTokens(),
            estimate.isCapped(),
            price == null ? null : price.mostNanosOfPrompt(),
            price == null ? null : price.mostNanosOfCompletion(),
            estimate.expectedTokens(),
            LimitScope.kinds(scopes),
            LimitScope.ids(scopes),
            scopes.getFirst().project())
        .orElse(null);
  }

  private static Outcome readOutcome(Row row) throws SQLException {
    return new Outcome(
        row.bool("admitted"),
        row.integer("completion"),
        row.bigint("tokens"),
        row.bool("spent"),
        seconds(row.float8("wait")));
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) Math.ceil(Math.min(seconds, MAX_WAIT_SECONDS) * NANOS_A_SECOND));
  }

  /** Returns the reservation and counts what was used; does nothing the second time. */
  void settle(Tx tx, Reservation reservation, long tokens, Money cost, Instant at) {
    if (reservation.id() == null) {
      tx.defer(
          COUNT_ONLY,
          reservation.project(),
          LimitsStore.day(at),
          LimitsStore.month(at),
          usable(at),
          tokens,
          cost.nanos(),
          LimitScope.kinds(reservation.scopes()),
          LimitScope.ids(reservation.scopes()));
    } else {
      tx.defer(
          SETTLE,
          reservation.project(),
          reservation.id(),
          LimitsStore.day(at),
          LimitsStore.month(at),
          usable(at),
          tokens,
          cost.nanos(),
          tokens);
    }
  }

  /** A call may use a burst that has ended after the call was reserved. */
  private static Instant usable(Instant at) {
    return at.minus(MAX_CALL_TIME);
  }

  /** What was reserved for calls that are never settled, and counts as used. */
  record Lost(long tokens, long nanos) {
    private static Lost read(Row row) throws SQLException {
      return new Lost(row.bigint("tokens"), row.bigint("cost"));
    }

    /** Of calls that count in several scopes, each of which has all of them. */
    private static Optional<Lost> widest(List<Lost> ofScopes) {
      return ofScopes.stream().max(Comparator.comparingLong(Lost::tokens));
    }
  }

  /**
   * Counts the reservations of abandoned attempts of a run as used.
   *
   * @return empty if there is none
   */
  Optional<Lost> abandon(Tx tx, ProjectId project, RunId run, Instant at) {
    return Lost.widest(
        tx.updateReturning(
            ABANDON_RUN + RETURNING,
            Lost::read,
            project,
            run,
            LimitsStore.day(at),
            LimitsStore.month(at),
            usable(at)));
  }

  /**
   * Counts as used what was reserved too long ago.
   *
   * @return empty if there is none
   */
  Optional<Lost> expire(Tx tx, ProjectId project, Instant at) {
    return Lost.widest(
        tx.updateReturning(
            EXPIRE + RETURNING,
            Lost::read,
            project,
            at,
            LimitsStore.day(at),
            LimitsStore.month(at),
            usable(at)));
  }
}
