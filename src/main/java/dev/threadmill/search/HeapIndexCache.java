package dev.threadmill.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

/**
 * The scopes that this node keeps in its heap: those of some size that were searched twice within
 * minutes. Each search first queries the database for what has changed since the last one, by a
 * statement that takes no longer than embedding the query does. So entries that any node added are
 * found and entries that any node removed are not, as if all had been read from the database.
 */
final class HeapIndexCache {
  private static final Logger LOG = Logger.getLogger(HeapIndexCache.class);
  private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration RETRY_INTERVAL = Duration.ofMinutes(10);

  /** One scope may use half of the room: it must not evict all others. */
  private static final int SHARE_OF_ONE = 2;

  private static final int KIB = 1024;

  /** How long a load waits for searches in all. */
  private static final Duration LONGEST_WAY = Duration.ofSeconds(3);

  private final HeapIndexLoader loader;
  private final EmbeddingModel embeddings;
  private final IndexLimits limits;
  private final long bytes;
  private final Cache<SearchScope, CacheEntry> scopes;
  private final ActiveSearches searches;

  /** Loading a scope occupies a core for a while, and is never urgent. */
  private final Semaphore loading = new Semaphore(1);

  HeapIndexCache(
      Jdbc jdbc,
      IndexTable table,
      VectorColumn vectors,
      EmbeddingModel embeddings,
      IndexLimits limits,
      ActiveSearches searches) {
    this.searches = searches;
    this.loader = new HeapIndexLoader(jdbc, table, vectors, embeddings);
    this.embeddings = embeddings;
    this.limits = limits;
    this.bytes = Runtime.getRuntime().maxMemory() / 100 * limits.heapPercent();
    this.scopes =
        Caffeine.newBuilder()
            .expireAfterAccess(IDLE_TIMEOUT)
            .maximumWeight(bytes / KIB)
            .weigher((SearchScope _, CacheEntry entry) -> (int) (entry.bytes() / KIB))
            .build();
  }

  /** What is known of a scope. */
  sealed interface CacheEntry permits SearchedOnce, NotLoadable, HeapIndex {
    /** The heap that it occupies. */
    default long bytes() {
      return KIB;
    }
  }

  /** The scope was searched, and is not loaded yet. */
  record SearchedOnce() implements CacheEntry {}

  /**
   * The scope could not be loaded.
   *
   * @param at the nanosecond clock at that time
   */
  record NotLoadable(long at) implements CacheEntry {
    boolean mayRetry() {
      return System.nanoTime() - at > RETRY_INTERVAL.toNanos();
    }
  }

  /** Searches a scope in the heap; empty if it is not there. */
  Optional<Hits> search(
      SearchScope scope, Set<String> sources, TextQuery query, QueryVector vector, int limit)
      throws InterruptedException {
    if (!(scopes.getIfPresent(scope) instanceof HeapIndex index)) {
      return Optional.empty();
    }
    switch (index.refresh(loader)) {
      case OUTDATED -> {
        scopes.asMap().replace(scope, index, new SearchedOnce());
        return Optional.empty();
      }
      case GROWN -> scopes.asMap().computeIfPresent(scope, (key, same) -> same);
      case CURRENT -> {
        // nothing to do
      }
    }
    return Optional.of(index.search(sources, query, vector, limit));
  }

  /**
   * Records that a scope was searched in the database, and loads it in the background if that is
   * not the first time.
   *
   * @param entries the number of its entries, as far as is known
   */
  void recordSearch(SearchScope scope, long entries) {
    if (entries < limits.heapFrom() || bytes == 0 || !loader.isSupported()) {
      return;
    }
    switch (scopes.getIfPresent(scope)) {
      case null -> scopes.put(scope, new SearchedOnce());
      case SearchedOnce _ -> load(scope);
      case NotLoadable failed when failed.mayRetry() -> load(scope);
      case NotLoadable _, HeapIndex _ -> {
        // nothing to do
      }
    }
  }

  /** Loads scopes that are likely to be searched, one after the other. */
  void loadAll(List<SearchScope> likely) throws InterruptedException {
    if (bytes == 0 || !loader.isSupported()) {
      return;
    }
    long left = bytes / SHARE_OF_ONE;
    for (var scope : likely) {
      loading.acquire();
      try {
        int max = maxEntries(left);
        if (scopes.getIfPresent(scope) instanceof HeapIndex || max < limits.heapFrom()) {
          continue;
        }
        long entries = loader.count(scope, max + 1);
        if (entries >= limits.heapFrom() && entries <= max) {
          var loaded = loadNow(scope);
          scopes.put(scope, loaded);
          left -= loaded.bytes();
        }
      } finally {
        loading.release();
      }
    }
  }

  private int maxEntries(long room) {
    return HeapIndex.maxEntries(room, embeddings.dimensions(), limits.bytesPerEntry());
  }

  /** The number of entries in the heap. */
  long entries() {
    return scopes.asMap().values().stream()
        .mapToLong(entry -> entry instanceof HeapIndex index ? index.slots() : 0)
        .sum();
  }

  private void load(SearchScope scope) {
    if (!loading.tryAcquire()) {
      return;
    }
    Thread.ofPlatform()
        .name("heap-index-load")
        .daemon()
        .priority(Thread.MIN_PRIORITY)
        .start(
            () -> {
              try {
                scopes.put(scope, loadNow(scope));
              } catch (RuntimeException e) {
                // The database may be down, or the model that is asked for its dimensions.
                LOG.debugf(e, "heap_index=not_loaded");
              } finally {
                loading.release();
              }
            });
  }

  private CacheEntry loadNow(SearchScope scope) {
    int dimensions = embeddings.dimensions();
    int max = maxEntries(bytes / SHARE_OF_ONE);
    if (loader.count(scope, max + 1) > max) {
      return new NotLoadable(System.nanoTime());
    }
    return loader
        .load(scope, max, searches.yielding(LONGEST_WAY))
        .<CacheEntry>map(loaded -> new HeapIndex(scope, loaded, dimensions))
        .orElseGet(() -> new NotLoadable(System.nanoTime()));
  }
}
