package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.LimitReachedException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Lets in requests that have a model work, as many as the project's rates allow and only while
 * there is something left of its budgets. The answer tells how much that is.
 */
@ApplicationScoped
public class AdmitRequest {
  private final LimitsCache known;
  private final LimitsStore store;
  private final RateHeaders headers;
  private final InstantSource clock;

  AdmitRequest(LimitsCache known, LimitsStore store, RateHeaders headers, InstantSource clock) {
    this.known = known;
    this.store = store;
    this.headers = headers;
    this.clock = clock;
  }

  /**
   * Lets the request in hand in.
   *
   * @throws ApiException 429 if it may not come in
   */
  public void admit(ProjectId project) {
    var limits = known.get(project);
    if (!limits.limitsRequests()) {
      return;
    }
    var at = clock.instant();
    Optional<CurrentUsage> taken =
        limits.requestsPerMinute() == null
            ? Optional.empty()
            // Apart from the request: nothing that an Idempotency-Key stands for is done by it.
            : Uninterruptibly.call(() -> store.takeRequest(project, at));
    var used = taken.orElseGet(() -> store.usage(project, at));
    headers.write(limits, used);
    if (LimitErrors.budgetExhausted(limits, used).isPresent()) {
      // Perhaps it has been raised, and this node has not heard of it.
      LimitErrors.budgetExhausted(store.limits(project), used).ifPresent(AdmitRequest::refuse);
    }
    var rate = limits.requestsPerMinute();
    if (rate != null && taken.isEmpty() && used.requestsLeft() != null) {
      throw ApiException.tooMany(
          "rate_limit_exceeded",
          "Rate limit reached for the project on requests per minute: limit %d.".formatted(rate),
          LimitErrors.timeUntilAvailable(1, used.requestsLeft(), rate));
    }
    var tokens = limits.tokensPerMinute();
    if (tokens != null && used.tokensLeft() != null && used.tokensLeft() < 1) {
      throw ApiException.tooMany(
          "rate_limit_exceeded",
          "Rate limit reached for the project on tokens per minute: limit %d.".formatted(tokens),
          LimitErrors.timeUntilAvailable(1, used.tokensLeft(), tokens));
    }
  }

  private static void refuse(LimitReachedException spent) {
    throw ApiException.insufficientQuota(spent.getMessage(), spent.retryAfter().orElse(null));
  }
}
