package dev.threadmill.api;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The waits between retries: they double from one to the next, up to a limit, each give or take a
 * quarter, so that callers that failed together do not retry together.
 *
 * @param first before the first retry
 * @param longest of all waits
 */
public record Backoff(Duration first, Duration longest) {
  private static final double JITTER = 0.25;
  private static final int MAX_DOUBLINGS = 40;

  /**
   * The wait before a retry.
   *
   * @param retry its number, from 1
   */
  public Duration delay(int retry) {
    double doubled = first.toMillis() * Math.pow(2, Math.min(retry - 1, MAX_DOUBLINGS));
    double millis = Math.min(doubled, longest.toMillis());
    double jitter = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Duration.ofMillis(Math.round(millis * jitter));
  }
}
