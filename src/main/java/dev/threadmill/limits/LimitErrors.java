package dev.threadmill.limits;

import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.Money;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The errors of calls and requests that limits do not allow, with the time to retry after. */
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

  /**
   * A budget of a scope, and what was used of it.
   *
   * @param kind of the scope
   * @param period as errors call it
   * @param prepaid what bursts add to it
   * @param at the time for which this holds
   * @param end the first day of the next period; null if the budget is not renewed
   */
  private record Period(
      String kind,
      String noun,
      Limits.Budget budget,
      CurrentUsage.Amount used,
      Prepaid prepaid,
      String period,
      Instant at,
      LocalDate end) {
    /** When the budget is renewed; null if never. */
    Instant renewed() {
      return end == null ? null : end.atStartOfDay().toInstant(ZoneOffset.UTC);
    }

    boolean isUsed() {
      return used.tokens() > 0 || used.cost().nanos() > 0;
    }

    /** Whether less than this is left. */
    boolean leavesLessThan(long tokens, Money cost) {
      return budget.tokens() != null && budget.tokens() - used.tokens() + prepaid.tokens() < tokens
          || budget.cost() != null
              && budget.cost().nanos() - used.cost().nanos() + prepaid.nanos() < cost.nanos();
    }

    /** Whether the whole budget is less than this. */
    boolean isSmallerThan(long tokens, Money cost) {
      return budget.tokens() != null && budget.tokens() + prepaid.tokens() < tokens
          || budget.cost() != null && budget.cost().nanos() + prepaid.nanos() < cost.nanos();
    }

    String amount() {
      var dollars = budget.cost() == null ? "" : dollars(budget.cost());
      var tokens = budget.tokens() == null ? "" : budget.tokens() + " tokens";
      return tokens + (tokens.isEmpty() || dollars.isEmpty() ? "" : " or ") + dollars;
    }

    String left() {
      var tokens =
          budget.tokens() == null ? "" : Math.max(0, budget.tokens() - used.tokens()) + " tokens";
      var dollars =
          budget.cost() == null
              ? ""
              : dollars(new Money(Math.max(0, budget.cost().nanos() - used.cost().nanos())));
      return tokens + (tokens.isEmpty() || dollars.isEmpty() ? "" : " and ") + dollars;
    }
  }

  /** What is left of the bursts of a scope. */
  private record Prepaid(long tokens, long nanos) {
    static Prepaid of(CurrentUsage usage) {
      long tokens = 0;
      long nanos = 0;
      for (var burst : usage.bursts()) {
        if (burst.isOpenAt(usage.at())) {
          tokens += burst.tokensLeft();
          nanos += burst.costLeft().nanos();
        }
      }
      return new Prepaid(tokens, nanos);
    }
  }

  private static String dollars(Money money) {
    return money.dollars().toPlainString() + " US dollars";
  }

  private static Stream<Period> periods(ScopeState state) {
    var limits = state.limits();
    var usage = state.usage();
    var at = usage.at();
    var noun = state.scope().noun();
    var kind = state.scope().kind().wire();
    var prepaid = Prepaid.of(usage);
    return Stream.of(
        new Period(kind, noun, limits.total(), usage.total(), prepaid, "in all", at, null),
        new Period(
            kind,
            noun,
            limits.month(),
            usage.month(),
            prepaid,
            "a month",
            at,
            LimitsStore.month(at).plusMonths(1)),
        new Period(
            kind,
            noun,
            limits.day(),
            usage.day(),
            prepaid,
            "a day",
            at,
            LimitsStore.day(at).plusDays(1)));
  }

  /** The budget that is used up, if one is. */
  static Optional<LimitReachedException> exhausted(List<ScopeState> states) {
    return states.stream()
        .flatMap(LimitErrors::periods)
        .filter(period -> period.leavesLessThan(ReservationStore.MIN_ANSWER_TOKENS, new Money(1)))
        .findFirst()
        .map(LimitErrors::exhausted);
  }

  private static LimitReachedException exhausted(Period period) {
    if (!period.isUsed()) {
      return LimitReachedException.ofBudget(
          period.kind(),
          "The %s's budget of %s %s is too small for any model call, of which none was made yet. Raise the budget."
              .formatted(period.noun(), period.amount(), period.period()),
          null);
    }
    return LimitReachedException.ofBudget(
        period.kind(),
        "You exceeded your current quota: the %s's budget of %s %s is used up.%s"
            .formatted(
                period.noun(),
                period.amount(),
                period.period(),
                period.renewed() == null ? "" : " It is renewed at " + period.renewed() + "."),
        retryAfter(period));
  }

  /** A budget does not cover the call, whatever other calls return. */
  LimitReachedException notCovered(List<LimitScope> scopes, CallEstimate call) {
    var states = store.states(scopes, clock.instant());
    return exhausted(states).orElseGet(() -> tooSmall(states, call));
  }

  private static LimitReachedException tooSmall(List<ScopeState> states, CallEstimate call) {
    long tokens = call.minTokens();
    var cost = call.minCost();
    var needed =
        cost.nanos() == 0 ? tokens + " tokens" : "%d tokens, %s".formatted(tokens, dollars(cost));
    return states.stream()
        .flatMap(LimitErrors::periods)
        .filter(period -> period.leavesLessThan(tokens, cost))
        .findFirst()
        .map(
            period ->
                period.isSmallerThan(tokens, cost)
                    ? LimitReachedException.ofBudget(
                        period.kind(),
                        "The %s's budget of %s %s is too small for this call, which needs at least %s."
                            .formatted(period.noun(), period.amount(), period.period(), needed),
                        null)
                    : LimitReachedException.ofBudget(
                        period.kind(),
                        "You exceeded your current quota: of the %s's budget of %s %s, %s are left, which is too little for this call. It needs at least %s."
                            .formatted(
                                period.noun(),
                                period.amount(),
                                period.period(),
                                period.left(),
                                needed),
                        retryAfter(period)))
        .orElseGet(
            () ->
                // Raised or renewed in this moment.
                LimitReachedException.rate(
                    "The budget did not cover this call a moment ago. Please try again.",
                    RETRY_SOON));
  }

  private static Duration retryAfter(Period period) {
    return period.renewed() == null ? null : Duration.between(period.at(), period.renewed());
  }

  /** A budget in money cannot be kept with a model whose price is unknown. */
  LimitReachedException unknownPrice(String model) {
    return LimitReachedException.quota(
        "There is a budget in money, and the price of the model '%s' is not known to this server. Set its 'price' in the models file."
            .formatted(model),
        null);
  }

  /** The call has waited until its timeout, or would have to wait longer. */
  LimitReachedException waitTooLong(List<LimitScope> scopes, CallEstimate call) {
    int tokens = call.expectedTokens();
    return store.states(scopes, clock.instant()).stream()
        .filter(state -> lacksTokens(state, tokens))
        .findFirst()
        .map(
            state -> {
              var perMinute = state.limits().tokensPerMinute();
              var left = state.usage().tokensLeft();
              return LimitReachedException.rate(
                  "Rate limit reached for the %s on tokens per minute: limit %d, left %d, needed %d."
                      .formatted(state.scope().noun(), perMinute, (long) Math.floor(left), tokens),
                  timeUntilAvailable(Math.min(tokens, perMinute), left, perMinute));
            })
        .orElseGet(
            () ->
                LimitReachedException.rate(
                    "What is left of the budget is reserved for calls in progress. Please try again.",
                    RETRY_SOON));
  }

  private static boolean lacksTokens(ScopeState state, int tokens) {
    var perMinute = state.limits().tokensPerMinute();
    return perMinute != null
        && state.usage().tokensLeft() != null
        && state.usage().tokensLeft() < Math.min(tokens, perMinute);
  }

  /** How long until there is so much in a bucket. */
  static Duration timeUntilAvailable(double wanted, double left, int perMinute) {
    double seconds = Math.max(0, wanted - left) * SECONDS_A_MINUTE / perMinute;
    return Duration.ofMillis((long) Math.ceil(seconds * 1_000));
  }
}
