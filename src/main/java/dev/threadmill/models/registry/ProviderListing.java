package dev.threadmill.models.registry;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/**
 * The models that one provider lists, refreshed every five minutes in the background. Only the
 * first caller waits, and not for long: where the provider does not respond, its models are not
 * known.
 */
final class ProviderListing {
  private static final Logger LOG = Logger.getLogger(ProviderListing.class);
  private static final Duration LIFE = Duration.ofMinutes(5);
  private static final Duration LIFE_OF_FAILURE = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int MAX_NAMES = 10_000;
  private static final int MAX_CHARACTERS = 256;

  private final String provider;
  private final Callable<List<String>> fetch;
  private final InstantSource clock;
  private volatile List<String> names;
  private volatile long expires;
  private CompletableFuture<Void> running;

  /**
   * @param fetch queries the provider; its failures are logged
   */
  ProviderListing(String provider, Callable<List<String>> fetch, InstantSource clock) {
    this.provider = provider;
    this.fetch = fetch;
    this.clock = clock;
  }

  /** The names that the provider lists; empty if they are not known. */
  Optional<List<String>> names() {
    if (clock.millis() >= expires) {
      var refresh = refresh();
      if (names == null) {
        await(refresh);
      }
    }
    return Optional.ofNullable(names);
  }

  private synchronized CompletableFuture<Void> refresh() {
    if (running == null || running.isDone()) {
      running = new CompletableFuture<>();
      var done = running;
      Thread.ofVirtual().name("models-of-" + provider).start(() -> fetch(done));
    }
    return running;
  }

  private void fetch(CompletableFuture<Void> done) {
    try {
      var listed =
          fetch.call().stream()
              .filter(name -> !name.isBlank() && name.length() <= MAX_CHARACTERS)
              .distinct()
              .limit(MAX_NAMES)
              .toList();
      // A provider that lists nothing does not keep a list.
      names = listed.isEmpty() ? null : listed;
      expires = clock.millis() + LIFE.toMillis();
    } catch (Exception e) {
      LOG.infof("models not listed provider=%s reason=%s", provider, e.getClass().getSimpleName());
      expires = clock.millis() + LIFE_OF_FAILURE.toMillis();
    } finally {
      done.complete(null);
    }
  }

  private static void await(CompletableFuture<Void> refresh) {
    try {
      refresh.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException _) {
      // Not known, then.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
