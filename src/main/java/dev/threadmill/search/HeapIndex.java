package dev.threadmill.search;

import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** The entries of a scope in the heap, as of a snapshot of the database. */
final class HeapIndex implements HeapIndexCache.CacheEntry {
  private static final int BYTES_OF_HIT = 170;

  private final SearchScope scope;
  private final int dimensions;
  private final HeapIndexEntries entries;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /** All entries visible to the snapshot are in the heap; later ones may be, too. */
  private volatile HeapIndexLoader.DatabaseSnapshot snapshot;

  private volatile int slots;
  private volatile long postingBytes;

  HeapIndex(SearchScope scope, HeapIndexLoader.Loaded loaded, int dimensions) {
    this.scope = scope;
    this.dimensions = dimensions;
    this.entries = loaded.entries();
    this.snapshot = loaded.snapshot();
    this.slots = entries.slots();
    this.postingBytes = entries.postingBytes();
  }

  /** The outcome of a refresh. */
  enum State {
    /** The heap has what the database has. */
    CURRENT,
    /** The same, and the index has become larger. */
    GROWN,
    /** The scope has to be loaded again. */
    OUTDATED
  }

  /** The number of entries that fit into so many bytes. */
  static int maxEntries(long bytes, int dimensions, int bytesPerEntry) {
    return (int)
        Math.min(
            Integer.MAX_VALUE / 2,
            bytes / (QuantizedVectors.bytesPerVector(dimensions) + bytesPerEntry));
  }

  @Override
  public long bytes() {
    return (long) slots * (QuantizedVectors.bytesPerVector(dimensions) + BYTES_OF_HIT)
        + postingBytes;
  }

  int slots() {
    return slots;
  }

  /** Reads the changes since the last refresh. */
  State refresh(HeapIndexLoader loader) {
    var since = snapshot;
    var changes = loader.changes(scope, since);
    if (changes.outdated()) {
      return State.OUTDATED;
    }
    if (!changes.added()) {
      snapshot = changes.now();
      return State.CURRENT;
    }
    // One refresh at a time, so that an entry that is written twice ends as it was written last.
    lock.writeLock().lock();
    try {
      var added = loader.added(scope, snapshot);
      if (added.isEmpty()) {
        return State.OUTDATED;
      }
      entries.putAll(added.get());
      slots = entries.slots();
      postingBytes = entries.postingBytes();
      if (snapshot == since) {
        snapshot = changes.now();
      }
      return slots > 2 * entries.size() ? State.OUTDATED : State.GROWN;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Searches the scope. The words are looked up while the query is being embedded.
   *
   * @param sources the ids of the sources that are searched; null for all
   * @param limit the number of entries by meaning, and the number by words
   */
  Hits search(Set<String> sources, TextQuery query, QueryVector vector, int limit)
      throws InterruptedException {
    var byWords =
        locked(
            () -> {
              var view = entries.viewFor(query, sources);
              return isExact() ? view : view.withBestByWords(limit);
            });
    // Without the lock: a model may be slow, and refreshes would wait for it.
    var embedded = vector.get();
    return locked(
        () -> {
          var view = byWords.isCurrent() ? byWords : entries.viewFor(query, sources);
          return new Hits(
              isExact() ? view.all(embedded) : view.best(embedded, limit),
              entries.size(),
              isExact() ? null : view.documentFrequencies());
        });
  }

  private boolean isExact() {
    return entries.size() <= scope.exactUpTo();
  }

  private <T> T locked(Supplier<T> work) {
    lock.readLock().lock();
    try {
      return work.get();
    } finally {
      lock.readLock().unlock();
    }
  }
}
