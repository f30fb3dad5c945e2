package dev.threadmill.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Backoff;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When an endpoint fails, and for how long it is left alone. */
class EndpointHealthTest {
  private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(8), Duration.ofHours(1));

  private final EndpointHealth health = new EndpointHealth(0, BACKOFF);

  private Duration fail() {
    return health.failed(System.nanoTime(), null).pause();
  }

  @Test
  void singleFailuresPauseNoEndpoint() {
    assertThat(fail()).isZero();
    assertThat(fail()).isZero();
    health.succeeded();

    assertThat(fail()).isZero();
    assertThat(health.isFailing()).isFalse();
  }

  @Test
  void threeFailuresInARowPauseTheEndpointForLongerAndLonger() {
    fail();
    fail();
    assertThat(fail()).isBetween(Duration.ofSeconds(6), Duration.ofSeconds(10));
    assertThat(health.isFailing()).isTrue();
    assertThat(fail()).isBetween(Duration.ofSeconds(12), Duration.ofSeconds(20));
    health.succeeded();

    assertThat(health.isFailing()).isFalse();
  }

  @Test
  void failuresAtTheSameTimeCountOnce() {
    long started = System.nanoTime();
    for (int i = 0; i < 8; i++) {
      health.failed(started, null);
    }

    assertThat(health.failed(started, null).failures()).isEqualTo(1);
  }

  @Test
  void thePauseThatAReceiverAsksForHoldsAtOnceForAnHourAtMost() {
    assertThat(health.failed(System.nanoTime(), Duration.ofMinutes(2)).pause()).hasMinutes(2);
    assertThat(health.failed(System.nanoTime(), Duration.ofDays(9)).pause()).hasHours(1);
  }
}
