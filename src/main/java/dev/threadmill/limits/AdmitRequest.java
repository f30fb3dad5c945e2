package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.models.LimitReachedException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/**
 * Admits requests that lead to model calls, as far as the rates and budgets of their payer allow,
 * and sets the response headers that say what is left.
 */
@ApplicationScoped
public class AdmitRequest {
  private final LimitsCache cache;
  private final LimitsStore store;
  private final RateHeaders headers;
  private final RecordRefusals refusals;
  private final InstantSource clock;

  AdmitRequest(
      LimitsCache cache,
      LimitsStore store,
      RateHeaders headers,
      RecordRefusals refusals,
      InstantSource clock) {
    this.cache = cache;
    this.store = store;
    this.headers = headers;
    this.refusals = refusals;
    this.clock = clock;
  }

  /**
   * Admits the current request.
   *
   * @throws ApiException 429 if a limit does not allow it
   */
  public void admit(Payer payer) {
    var limits = cache.get(payer);
    if (!limits.any(Limits::limitsRequests)) {
      return;
    }
    var at = clock.instant();
    var scopes = limits.scopes();
    // On a thread of its own: counting the request is not an effect of it, which an
    // Idempotency-Key would have to record.
    var admission =
        limits.any(each -> each.requestsPerMinute() != null)
            ? Uninterruptibly.call(() -> store.takeRequest(scopes, at))
            : new LimitsStore.TakenRequest(true, store.states(scopes, at));
    headers.write(admission.states());
    try {
      requireAdmitted(admission);
    } catch (ApiException e) {
      boolean isBudget = LimitErrors.exhausted(admission.states()).isPresent();
      refusals.record(payer, isBudget ? "budget" : "rate", e.getMessage());
      throw e;
    }
  }

  private static void requireAdmitted(LimitsStore.TakenRequest admission) {
    LimitErrors.exhausted(admission.states()).ifPresent(AdmitRequest::refuse);
    if (!admission.isAdmitted()) {
      refuseForRequests(admission.states());
    }
    refuseForTokens(admission.states());
  }

  private static void refuseForRequests(List<ScopeState> states) {
    for (var state : states) {
      var left = state.usage().requestsLeft();
      if (left != null && left < 1) {
        refuseForRate(state, "requests", state.limits().requestsPerMinute(), left);
      }
    }
  }

  private static void refuseForTokens(List<ScopeState> states) {
    for (var state : states) {
      var left = state.usage().tokensLeft();
      if (left != null && left < 1) {
        refuseForRate(state, "tokens", state.limits().tokensPerMinute(), left);
      }
    }
  }

  private static void refuseForRate(ScopeState state, String of, int limit, double left) {
    throw ApiException.tooMany(
        "rate_limit_exceeded",
        "Rate limit reached for the %s on %s per minute: limit %d."
            .formatted(state.scope().noun(), of, limit),
        LimitErrors.timeUntilAvailable(1, left, limit));
  }

  private static void refuse(LimitReachedException exhausted) {
    throw ApiException.insufficientQuota(
        exhausted.getMessage(), exhausted.retryAfter().orElse(null));
  }
}
