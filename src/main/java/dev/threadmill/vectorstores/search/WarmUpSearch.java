package dev.threadmill.vectorstores.search;

import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.VectorStore;
import dev.threadmill.vectorstores.VectorStores;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jboss.logging.Logger;

/**
 * Makes the first searches of clients as fast as later ones: when a node starts, it loads the
 * embedding model and the store that was used last, searches this store, and then loads the other
 * stores that were used in the last hour into its heap. It is not ready until it has searched, if
 * there is a store, for some seconds at most.
 */
@Readiness
@ApplicationScoped
class WarmUpSearch implements HealthCheck {
  private static final Logger LOG = Logger.getLogger(WarmUpSearch.class);
  private static final Duration USED_WITHIN = Duration.ofHours(1);
  private static final Duration LONGEST = Duration.ofSeconds(8);
  private static final int STORES = 20;
  private static final int ROUNDS = 10;
  private static final int BEFORE_OTHERS_STOP = 4_000;

  /** A question, and a word whose language is not known: its terms have the stems of all. */
  private static final List<String> QUERIES =
      List.of("Which section of the documents describes this in detail?", "ready");

  private final SearchStores search;
  private final StoreIndex index;
  private final VectorStores stores;
  private final StoreEmbeddings embeddings;
  private Thread thread;
  private volatile boolean isWarm;
  private volatile long startedAt = System.nanoTime();

  WarmUpSearch(
      SearchStores search, StoreIndex index, VectorStores stores, StoreEmbeddings embeddings) {
    this.search = search;
    this.index = index;
    this.stores = stores;
    this.embeddings = embeddings;
  }

  void start(@Observes StartupEvent event) {
    startedAt = System.nanoTime();
    embeddings.model().warmUp();
    thread = Thread.ofPlatform().name("search-warm-up").daemon().start(this::run);
  }

  void stop(@Observes @Priority(BEFORE_OTHERS_STOP) ShutdownEvent event)
      throws InterruptedException {
    if (thread != null) {
      thread.interrupt();
      thread.join(Duration.ofSeconds(5));
    }
  }

  @Override
  public HealthCheckResponse call() {
    boolean isLate = System.nanoTime() - startedAt > LONGEST.toNanos();
    return HealthCheckResponse.named("search is warm").status(isWarm || isLate).build();
  }

  private void run() {
    try {
      var used = stores.usedWithin(USED_WITHIN, STORES);
      var last = used.isEmpty() ? stores.usedWithin(Duration.ofDays(365), 1) : used;
      if (!used.isEmpty()) {
        index.load(List.of(used.getFirst().id()));
      }
      if (!last.isEmpty()) {
        search(last.getFirst());
      }
      isWarm = true;
      index.load(used.stream().map(VectorStore::id).toList());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.debugf(e, "search_warm_up=failed");
    } finally {
      isWarm = true;
    }
  }

  private void search(VectorStore store) throws InterruptedException {
    for (int round = 0; round < ROUNDS; round++) {
      for (var query : QUERIES) {
        search.warmUp(store, query);
      }
    }
  }
}
