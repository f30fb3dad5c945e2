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
  private final KnownLimits known;
  private final LimitsStore store;
  private final RateHeaders headers;
  private final InstantSource clock;

  AdmitRequest(KnownLimits known, LimitsStore store, RateHeaders headers, InstantSource clock) {
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
    var limits = known.of(project);
    if (!limits.boundsRequests()) {
      return;
    }
    var at = clock.instant();
    Optional<UsedSoFar> taken =
        limits.requestsPerMinute() == null
            ? Optional.empty()
            // Apart from the request: nothing that an Idempotency-Key stands for is done by it.
            : Sheltered.call(() -> store.takeRequest(project, at));
    var used = taken.orElseGet(() -> store.used(project, at));
    headers.tell(limits, used);
    if (Refusals.spent(limits, used).isPresent()) {
      // Perhaps it has been raised, and this node has not heard of it.
      Refusals.spent(store.limits(project), used).ifPresent(AdmitRequest::refuse);
    }
    var rate = limits.requestsPerMinute();
    if (rate != null && taken.isEmpty() && used.requestsLeft() != null) {
      throw ApiException.tooMany(
          "rate_limit_exceeded",
          "Rate limit reached for the project on requests per minute: limit %d.".formatted(rate),
          Refusals.until(1, used.requestsLeft(), rate));
    }
    var tokens = limits.tokensPerMinute();
    if (tokens != null && used.tokensLeft() != null && used.tokensLeft() < 1) {
      throw ApiException.tooMany(
          "rate_limit_exceeded",
          "Rate limit reached for the project on tokens per minute: limit %d.".formatted(tokens),
          Refusals.until(1, used.tokensLeft(), tokens));
    }
  }

  private static void refuse(LimitReachedException spent) {
    throw ApiException.insufficientQuota(spent.getMessage(), spent.retryAfter().orElse(null));
  }
}
