package dev.threadmill.models;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Tries a call again while its fault may pass and nothing of the answer has been told: with waits
 * that double, give or take a quarter, or as long as the provider asks.
 *
 * @param most how often after the first try
 * @param longest a provider that asks for a longer wait is not tried again
 */
public record RetryPolicy(int most, Duration first, Duration longest) {
  private static final Logger LOG = Logger.getLogger(RetryPolicy.class);
  private static final double JITTER = 0.25;

  public static RetryPolicy of(ModelsConfig config) {
    return new RetryPolicy(config.retries(), config.firstBackoff(), config.longestBackoff());
  }

  /** One try of a call. */
  @FunctionalInterface
  public interface Try {
    /**
     * @throws ProviderException if the provider failed
     */
    ModelResponse run(Consumer<ModelDelta> deltas) throws InterruptedException;
  }

  /** The answer of the first try that succeeds. */
  public ModelResponse call(String provider, Try call, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    for (int retry = 1; ; retry++) {
      var told = new TrackedDeltas(deltas);
      try {
        return call.run(told);
      } catch (ProviderException e) {
        var wait = delayBefore(retry, e);
        if (told.any || wait.isEmpty()) {
          throw e;
        }
        LOG.warnf(
            "model_retry provider=%s retry=%d kind=%s wait_ms=%d",
            provider, retry, e.kind(), wait.get().toMillis());
        Thread.sleep(wait.get());
      }
    }
  }

  /** How long to wait before this retry, counted from 1; empty if there shall be none. */
  Optional<Duration> delayBefore(int retry, ProviderException e) {
    if (retry > most || !e.isRetryable()) {
      return Optional.empty();
    }
    if (e.retryAfter().isPresent()) {
      return e.retryAfter().filter(asked -> asked.compareTo(longest) <= 0);
    }
    double millis = Math.min(first.toMillis() * Math.pow(2, retry - 1.0), longest.toMillis());
    double jitter = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Optional.of(Duration.ofMillis(Math.round(millis * jitter)));
  }

  private static final class TrackedDeltas implements Consumer<ModelDelta> {
    private final Consumer<ModelDelta> deltas;
    private boolean any;

    TrackedDeltas(Consumer<ModelDelta> deltas) {
      this.deltas = deltas;
    }

    @Override
    public void accept(ModelDelta delta) {
      any = true;
      deltas.accept(delta);
    }
  }
}
