package dev.threadmill.memory.recall;

import dev.threadmill.memory.text.MemoryQuery;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** A scope whose entries are kept, up to a stamp. */
final class HeapIndex implements HeapIndexCache.CacheEntry {
  private static final int BYTES_BESIDE_THE_VECTOR = 350;

  private final ScopeFilter scope;
  private final int dimensions;
  private final HeapIndexEntries entries;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /** All that is visible to its snapshot is kept; what is not may be, too. */
  private volatile HeapIndexLoader.DatabaseSnapshot stamp;

  private volatile int places;

  HeapIndex(ScopeFilter scope, HeapIndexLoader.Loaded loaded, int dimensions) {
    this.scope = scope;
    this.dimensions = dimensions;
    this.entries = loaded.entries();
    this.stamp = loaded.stamp();
    this.places = entries.slots();
  }

  /** What has come of bringing it up to date. */
  enum State {
    /** It is as the database has it. */
    CURRENT,
    /** It is so again, and has become larger. */
    GROWN,
    /** It has to be read anew. */
    OUTDATED
  }

  /** How many entries vectors of this length may have in so many bytes. */
  static int maxEntries(long bytes, int dimensions) {
    return (int) Math.min(Integer.MAX_VALUE / 2, bytes / (dimensions + BYTES_BESIDE_THE_VECTOR));
  }

  @Override
  public long bytes() {
    return (long) places * (dimensions + BYTES_BESIDE_THE_VECTOR);
  }

  int slots() {
    return places;
  }

  /** Brings it up to date. */
  State refresh(HeapIndexLoader sql) {
    var since = stamp;
    var changes = sql.changes(scope, since);
    if (changes.outdated()) {
      return State.OUTDATED;
    }
    if (!changes.added()) {
      stamp = changes.now();
      return State.CURRENT;
    }
    // One after the other, so that an entry that is written twice ends as it was written last.
    lock.writeLock().lock();
    try {
      var added = sql.added(scope, stamp);
      if (added.isEmpty()) {
        return State.OUTDATED;
      }
      added.get().forEach(entries::put);
      places = entries.slots();
      if (stamp == since) {
        stamp = changes.now();
      }
      return places > 2 * entries.size() ? State.OUTDATED : State.GROWN;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * What it has to say to a question. Its words are looked for while it is being embedded.
   *
   * @param mostWhole up to how many entries all are candidates, beyond it the best
   * @param best how many are the best by meaning, and how many by words
   */
  MemorySearch.Result search(MemoryQuery question, QueryVector vector, int mostWhole, int best)
      throws InterruptedException {
    var byWords =
        reading(
            () -> {
              var asked = entries.viewFor(question);
              return entries.size() <= mostWhole ? asked : asked.withBestWords(best);
            });
    // Not with the lock: a model may take its time, and whoever brings this up to date would wait.
    var embedded = vector.get();
    return reading(
        () -> {
          var asked = byWords.isCurrent() ? byWords : entries.viewFor(question);
          int size = entries.size();
          return new MemorySearch.Result(
              size <= mostWhole ? asked.all(embedded) : asked.best(embedded, best), size);
        });
  }

  private <T> T reading(Supplier<T> work) {
    lock.readLock().lock();
    try {
      return work.get();
    } finally {
      lock.readLock().unlock();
    }
  }
}
