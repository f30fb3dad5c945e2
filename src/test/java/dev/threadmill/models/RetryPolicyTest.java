package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Backoff;
import dev.threadmill.models.pace.ModelPace;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
  @Test
  void waitsBeforeRetriesDoubleGiveOrTakeAQuarter() {
    var retries = new RetryPolicy(3, new Backoff(Duration.ofMillis(1000), Duration.ofSeconds(3)));
    var fault =
        ProviderException.retryable(
            ModelException.Kind.PROVIDER_FAILED, "x", Optional.<Duration>empty());

    assertThat(retries.delayBefore(1, fault).orElseThrow().toMillis()).isBetween(750L, 1250L);
    assertThat(retries.delayBefore(2, fault).orElseThrow().toMillis()).isBetween(1500L, 2500L);
    assertThat(retries.delayBefore(3, fault).orElseThrow().toMillis()).isBetween(2250L, 3750L);
    assertThat(retries.delayBefore(4, fault)).isEmpty();
  }

  @Test
  void anAttemptThatTheProviderLimitsBoundsAllCallsOfTheModel() throws InterruptedException {
    var pace = new ModelPace();
    var policy =
        new RetryPolicy(
            1, new Backoff(Duration.ofMillis(1), Duration.ofMillis(1)), Duration.ZERO, pace);
    var attempts = new AtomicInteger();

    var answer =
        policy.call(
            "scripted",
            _ -> {
              if (attempts.incrementAndGet() == 1) {
                throw ProviderException.retryable(
                    ModelException.Kind.RATE_LIMITED, "Slower.", Optional.empty());
              }
              return "answered";
            },
            _ -> {});

    assertThat(answer).isEqualTo("answered");
    // Bounded to one call, and raised again by the success.
    assertThat(pace.share("any")).contains(2);
  }
}
