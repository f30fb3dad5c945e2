package dev.threadmill.models;

import dev.threadmill.api.Backoff;
import dev.threadmill.models.pace.ModelPace;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Retries a call while its failure may pass and no delta was emitted.
 *
 * @param retries how often after the first attempt
 * @param backoff the waits, unless the provider asks for one; a provider that asks for longer than
 *     its longest is not retried
 * @param loading how long a model may be loading, whatever the number of retries
 * @param pace bounds the concurrent attempts of all calls of the model
 */
public record RetryPolicy(int retries, Backoff backoff, Duration loading, ModelPace pace) {
  private static final Logger LOG = Logger.getLogger(RetryPolicy.class);

  /** A policy without patience for models that are loading. */
  public RetryPolicy(int retries, Backoff backoff) {
    this(retries, backoff, Duration.ZERO, new ModelPace());
  }

  /** As configured, without patience for models that are loading. */
  public static RetryPolicy of(ModelsConfig config, ModelPace pace) {
    return new RetryPolicy(config.retries(), backoff(config), Duration.ZERO, pace);
  }

  private static Backoff backoff(ModelsConfig config) {
    return new Backoff(config.firstBackoff(), config.longestBackoff());
  }

  /** As configured, for a provider whose model may have to be loaded before its first byte. */
  public static RetryPolicy of(ModelsConfig config, ProviderConfig provider, ModelPace pace) {
    return new RetryPolicy(
        config.retries(), backoff(config), provider.firstByteTimeout(config), pace);
  }

  /** One attempt of a call. */
  @FunctionalInterface
  public interface Attempt<T> {
    /**
     * @throws ProviderException if the provider failed
     */
    T run(Consumer<ModelDelta> deltas) throws InterruptedException;
  }

  /** The result of the first attempt that succeeds. */
  public <T> T call(String provider, Attempt<T> call, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    long started = System.nanoTime();
    int waits = 0;
    for (int retry = 1; ; retry++) {
      var emitted = new EmittedDeltas(deltas);
      try {
        return attempt(provider, call, emitted);
      } catch (ProviderException e) {
        var delay = delayBefore(retry, e);
        if (e.isLoading() && System.nanoTime() - started < loading.toNanos()) {
          retry = 0;
          delay = Optional.of(backoff.delay(++waits));
        }
        if (emitted.any() || delay.isEmpty()) {
          throw e;
        }
        LOG.warnf(
            "model_retry provider=%s retry=%d kind=%s wait_ms=%d",
            provider, retry, e.kind(), delay.get().toMillis());
        Thread.sleep(delay.get());
      }
    }
  }

  private <T> T attempt(String provider, Attempt<T> call, EmittedDeltas deltas)
      throws InterruptedException {
    var place =
        pace.enter()
            .orElseThrow(
                () ->
                    ProviderException.permanent(
                        ModelException.Kind.RATE_LIMITED,
                        "The provider '%s' limits the rate of calls, and too many of them wait."
                            .formatted(provider)));
    var outcome = ModelPace.Outcome.FAILED;
    try {
      var result = call.run(deltas);
      outcome = ModelPace.Outcome.SUCCEEDED;
      return result;
    } catch (ProviderException e) {
      // A quota that is used up is no matter of the pace.
      if (e.kind() == ModelException.Kind.RATE_LIMITED && e.isRetryable()) {
        outcome = ModelPace.Outcome.LIMITED;
      }
      throw e;
    } finally {
      place.end(outcome);
    }
  }

  /** The wait before this retry, counted from 1; empty if there is to be none. */
  Optional<Duration> delayBefore(int retry, ProviderException e) {
    if (retry > retries || !e.isRetryable()) {
      return Optional.empty();
    }
    return e.retryAfter().isPresent()
        ? e.retryAfter().filter(asked -> asked.compareTo(backoff.longest()) <= 0)
        : Optional.of(backoff.delay(retry));
  }
}
