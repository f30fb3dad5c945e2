package dev.threadmill.webhooks;

import dev.threadmill.api.Backoff;
import dev.threadmill.webhooks.DeliveryOutcomes.Failing;
import java.time.Duration;

/**
 * Whether an endpoint fails: several attempts in a row have failed. Attempts at the same time that
 * fail for one reason count once. Thread-safe.
 */
final class EndpointHealth {
  /** From so many failures in a row on, the endpoint fails and not only single deliveries. */
  private static final int FAILING = 3;

  private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  private final Backoff backoff;
  private int failures;
  private long lastFailure;

  /**
   * @param failures how many attempts have failed in a row
   * @param backoff the pauses while the endpoint fails
   */
  EndpointHealth(int failures, Backoff backoff) {
    this.failures = failures;
    this.backoff = backoff;
    this.lastFailure = System.nanoTime();
  }

  synchronized boolean isFailing() {
    return failures >= FAILING;
  }

  synchronized void succeeded() {
    failures = 0;
  }

  /**
   * An attempt has failed.
   *
   * @param started when it began, by {@link System#nanoTime}
   * @param retryAfter the pause that the receiver asks for; null if it asks for none
   */
  synchronized Failing failed(long started, Duration retryAfter) {
    if (started - lastFailure >= 0) {
      failures++;
      lastFailure = System.nanoTime();
    }
    var pause = isFailing() ? backoff.delay(failures - FAILING + 1) : Duration.ZERO;
    if (retryAfter != null && retryAfter.compareTo(pause) > 0) {
      pause = retryAfter.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : retryAfter;
    }
    return new Failing(failures, pause);
  }
}
