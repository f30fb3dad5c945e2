package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Backoff;
import java.time.Duration;
import java.util.Optional;
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
}
