package dev.threadmill.runs.context;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.context.HistoryEntry.MessageEntry;
import dev.threadmill.runs.store.Run;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The messages of long threads as this node has read them last, so that a run reads only what has
 * come since. A message never changes once a later run was created, and a thread counts its
 * deletions, by which whoever reads on can tell whether what is remembered still holds.
 */
@ApplicationScoped
class ThreadMessageCache {
  /** Shorter threads are read as quickly as they are remembered. */
  private static final int FEWEST = 64;

  /** More do not fit into a window, and a thread may grow for ever. */
  private static final int MOST = 20_000;

  private static final Duration MEMORY = Duration.ofMinutes(10);
  private static final int SHARE_OF_THE_HEAP = 16;
  private static final int BYTES_BESIDE_THE_TEXT = 300;

  private final Cache<ThreadId, CachedMessages> known =
      Caffeine.newBuilder()
          .expireAfterAccess(MEMORY)
          .maximumWeight(Runtime.getRuntime().maxMemory() / SHARE_OF_THE_HEAP)
          .weigher((ThreadId _, CachedMessages each) -> each.weight())
          .build();

  /**
   * The end of a thread up to some message.
   *
   * @param newestFirst at least one message, and none left out between the first and the last
   * @param deletions how many messages of the thread had been deleted by then
   * @param isWhole whether the thread begins with the last of them
   */
  record CachedMessages(List<MessageEntry> newestFirst, int deletions, boolean isWhole) {
    CachedMessages {
      newestFirst = List.copyOf(newestFirst);
    }

    /** The newest of those that were said before this time, so many at the most. */
    CachedMessages before(Instant time, int most) {
      int from = 0;
      while (from < newestFirst.size() && !newestFirst.get(from).at().isBefore(time)) {
        from++;
      }
      int to = (int) Math.min(newestFirst.size(), (long) from + most);
      return new CachedMessages(
          newestFirst.subList(from, to), deletions, isWhole && to == newestFirst.size());
    }

    private int weight() {
      long weight = 0;
      for (var message : newestFirst) {
        weight += BYTES_BESIDE_THE_TEXT + message.characters();
      }
      return (int) Math.min(weight, Integer.MAX_VALUE);
    }
  }

  Optional<CachedMessages> get(ThreadId thread) {
    return Optional.ofNullable(known.getIfPresent(thread));
  }

  /** Remembers of what a run has read that which is older than the run, if that is much. */
  void put(Run run, CachedMessages read) {
    var older = read.before(run.times().created(), MOST);
    if (older.newestFirst().size() >= FEWEST) {
      known.put(run.threadId(), older);
    }
  }
}
