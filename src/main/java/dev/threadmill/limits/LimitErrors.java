package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.LimitReachedException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Optional;

/** Says why a call or a request is refused, and when it makes sense to come again. */
@ApplicationScoped
class LimitErrors {
  private static final Duration RETRY_SOON = Duration.ofSeconds(1);
  private static final int SECONDS_A_MINUTE = 60;

  private final LimitsStore store;
  private final InstantSource clock;

  LimitErrors(LimitsStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /** A budget does not allow another call. */
  LimitReachedException budgetExhausted(ProjectId project) {
    var limits = store.limits(project);
    var used = store.usage(project, clock.instant());
    return budgetExhausted(limits, used)
        .orElseGet(
            // There is something left, but less than the call needs.
            () ->
                quota(
                    "You exceeded your current quota: what is left of the project's budget is too"
                        + " little for this call.",
                    null));
  }

  /** The budget that is used up, if one is. */
  static Optional<LimitReachedException> budgetExhausted(Limits limits, CurrentUsage used) {
    var at = used.at();
    var today = LimitsStore.day(at);
    if (isExhausted(limits.total(), used.total())) {
      return Optional.of(quota(message(limits.total(), "in all", null), null));
    }
    if (isExhausted(limits.month(), used.month())) {
      var renewed = LimitsStore.month(at).plusMonths(1).atStartOfDay().toInstant(ZoneOffset.UTC);
      return Optional.of(
          quota(message(limits.month(), "a month", renewed), Duration.between(at, renewed)));
    }
    if (isExhausted(limits.day(), used.day())) {
      var renewed = today.plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC);
      return Optional.of(
          quota(message(limits.day(), "a day", renewed), Duration.between(at, renewed)));
    }
    return Optional.empty();
  }

  private static boolean isExhausted(Limits.Budget budget, CurrentUsage.Amount spent) {
    boolean tokens =
        budget.tokens() != null
            && budget.tokens() - spent.tokens() < ReservationStore.MIN_ANSWER_TOKENS;
    boolean cost = budget.cost() != null && spent.cost().nanos() >= budget.cost().nanos();
    return tokens || cost;
  }

  private static String message(Limits.Budget budget, String period, Instant renewed) {
    var what =
        budget.tokens() == null
            ? "%s US dollars".formatted(budget.cost().dollars().toPlainString())
            : budget.cost() == null
                ? "%d tokens".formatted(budget.tokens())
                : "%d tokens or %s US dollars"
                    .formatted(budget.tokens(), budget.cost().dollars().toPlainString());
    return "You exceeded your current quota: the project's budget of %s %s is used up.%s"
        .formatted(what, period, renewed == null ? "" : " It is renewed at " + renewed + ".");
  }

  /** A budget in money cannot be kept with a model that costs nobody knows what. */
  LimitReachedException unknownPrice(String model) {
    return quota(
        "The project has a budget in money, and the price of the model '%s' is not known to this server."
            .formatted(model),
        null);
  }

  /** The call has waited long enough, or would have to. */
  LimitReachedException waitTooLong(ProjectId project, int tokens) {
    var limits = store.limits(project);
    var used = store.usage(project, clock.instant());
    var perMinute = limits.tokensPerMinute();
    if (perMinute == null || used.tokensLeft() == null) {
      return LimitReachedException.rate(
          "The project's budget is set aside for calls that are under way. Please try again.",
          RETRY_SOON);
    }
    return LimitReachedException.rate(
        "Rate limit reached for the project on tokens per minute: limit %d, left %d, needed %d."
            .formatted(perMinute, (long) Math.floor(used.tokensLeft()), tokens),
        timeUntilAvailable(Math.min(tokens, perMinute), used.tokensLeft(), perMinute));
  }

  /** How long until there is so much in a bucket. */
  static Duration timeUntilAvailable(double wanted, double left, int perMinute) {
    double seconds = Math.max(0, wanted - left) * SECONDS_A_MINUTE / perMinute;
    return Duration.ofMillis((long) Math.ceil(seconds * 1_000));
  }

  private static LimitReachedException quota(String message, Duration retryAfter) {
    return LimitReachedException.quota(message, retryAfter);
  }
}
