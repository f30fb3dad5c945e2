package dev.threadmill.memory.recall;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

/**
 * The scopes that this node keeps in its heap: those of some size that were asked for twice within
 * minutes. Each recall has the database tell what has changed since the last one, by a statement
 * that takes no longer than the question's vector does. So what was forgotten is not found and what
 * was added is, on any node, as if all had been read from the database.
 */
final class HeapIndexCache {
  private static final Logger LOG = Logger.getLogger(HeapIndexCache.class);
  private static final Duration KEPT = Duration.ofMinutes(10);
  private static final Duration BETWEEN_TRIES = Duration.ofMinutes(10);

  /** One large scope must not push out all the others. */
  private static final int SHARE_OF_ONE = 2;

  private static final int KIB = 1024;

  private final HeapIndexLoader sql;
  private final Embeddings embeddings;
  private final RecallConfig config;
  private final long bytes;
  private final Cache<ScopeFilter, CacheEntry> scopes;

  /** Reading a scope keeps a core busy for a while; there is no hurry. */
  private final Semaphore reading = new Semaphore(1);

  HeapIndexCache(Jdbc jdbc, VectorColumn vectors, Embeddings embeddings, RecallConfig config) {
    this.sql = new HeapIndexLoader(jdbc, vectors, embeddings);
    this.embeddings = embeddings;
    this.config = config;
    this.bytes = Runtime.getRuntime().maxMemory() / 100 * config.keepPercent();
    this.scopes =
        Caffeine.newBuilder()
            .expireAfterAccess(KEPT)
            .maximumWeight(bytes / KIB)
            .weigher((ScopeFilter _, CacheEntry known) -> (int) (known.bytes() / KIB))
            .build();
  }

  /** What is known of a scope. */
  sealed interface CacheEntry permits SearchedOnce, NotLoadable, HeapIndex {
    /** What it takes of the heap. */
    default long bytes() {
      return KIB;
    }
  }

  /** It was asked for and is not kept yet. */
  record SearchedOnce() implements CacheEntry {}

  /**
   * It cannot be kept for now.
   *
   * @param at the nanoseconds when that was found out
   */
  record NotLoadable(long at) implements CacheEntry {
    boolean isOver() {
      return System.nanoTime() - at > BETWEEN_TRIES.toNanos();
    }
  }

  /**
   * What a scope has to say to a question; empty if it is not kept.
   *
   * @param mostWhole up to how many entries all are candidates, beyond it the best
   * @param best how many are the best by meaning, and how many by words
   */
  Optional<MemorySearch.Result> search(
      ScopeFilter scope, MemoryQuery question, QueryVector vector, int mostWhole, int best)
      throws InterruptedException {
    if (!(scopes.getIfPresent(scope) instanceof HeapIndex kept)) {
      return Optional.empty();
    }
    switch (kept.refresh(sql)) {
      case OUTDATED -> {
        scopes.asMap().replace(scope, kept, new SearchedOnce());
        return Optional.empty();
      }
      case GROWN -> scopes.asMap().computeIfPresent(scope, (key, same) -> same);
      case CURRENT -> {
        // as it should be
      }
    }
    return Optional.of(kept.search(question, vector, mostWhole, best));
  }

  /**
   * Takes note of a scope that had to be searched in the database, so that it need not be the next
   * time.
   *
   * @param entries how many it has, as far as is known
   */
  void recordSearch(ScopeFilter scope, long entries) {
    if (entries < config.keepFrom() || bytes == 0 || !sql.isSupported()) {
      return;
    }
    switch (scopes.getIfPresent(scope)) {
      case null -> scopes.put(scope, new SearchedOnce());
      case SearchedOnce _ -> read(scope);
      case NotLoadable refused when refused.isOver() -> read(scope);
      case NotLoadable _, HeapIndex _ -> {
        // nothing to do
      }
    }
  }

  /** How many entries are kept. */
  long entries() {
    return scopes.asMap().values().stream()
        .mapToLong(known -> known instanceof HeapIndex kept ? kept.slots() : 0)
        .sum();
  }

  private void read(ScopeFilter scope) {
    if (!reading.tryAcquire()) {
      return;
    }
    Thread.ofPlatform()
        .name("recall-keep")
        .daemon()
        .priority(Thread.MIN_PRIORITY)
        .start(
            () -> {
              try {
                scopes.put(scope, readNow(scope));
              } catch (RuntimeException e) {
                // The database, or the model whose dimensions were asked for, may be down.
                LOG.debugf(e, "recall=not_kept");
              } finally {
                reading.release();
              }
            });
  }

  private CacheEntry readNow(ScopeFilter scope) {
    int dimensions = embeddings.dimensions();
    int most = HeapIndex.maxEntries(bytes / SHARE_OF_ONE, dimensions);
    if (sql.count(scope, most + 1) > most) {
      return new NotLoadable(System.nanoTime());
    }
    return sql.load(scope, most)
        .<CacheEntry>map(loaded -> new HeapIndex(scope, loaded, dimensions))
        .orElseGet(() -> new NotLoadable(System.nanoTime()));
  }
}
