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
 * Caches the messages of long threads, so that a run reads only the messages added since the last
 * read of this node. A message never changes once a later run was created, and a thread counts its
 * deletions: an entry is valid if its count equals that of the thread.
 */
@ApplicationScoped
class ThreadMessageCache {
  /** Shorter threads are not cached: a full read is as fast as an incremental one. */
  private static final int FEWEST = 64;

  /** Bounds an entry: no context window has room for more, and threads grow without limit. */
  private static final int MOST = 20_000;

  private static final Duration TTL = Duration.ofMinutes(10);
  private static final int SHARE_OF_THE_HEAP = 16;
  private static final int BYTES_BESIDE_THE_TEXT = 300;

  private final Cache<ThreadId, CachedMessages> cache =
      Caffeine.newBuilder()
          .expireAfterAccess(TTL)
          .maximumWeight(Runtime.getRuntime().maxMemory() / SHARE_OF_THE_HEAP)
          .weigher((ThreadId _, CachedMessages each) -> each.weight())
          .build();

  /**
   * The newest messages of a thread at the time of a read.
   *
   * @param newestFirst at least one message, and none left out between the first and the last
   * @param deletions how many messages of the thread were deleted before the read
   * @param isWhole whether the thread begins with the last of them
   */
  record CachedMessages(List<MessageEntry> newestFirst, int deletions, boolean isWhole) {
    CachedMessages {
      newestFirst = List.copyOf(newestFirst);
    }

    /** The newest of the messages created before this time, at most this many. */
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
    return Optional.ofNullable(cache.getIfPresent(thread));
  }

  /** Caches the messages that are older than the run, unless they are few. */
  void put(Run run, CachedMessages read) {
    var older = read.before(run.times().created(), MOST);
    if (older.newestFirst().size() >= FEWEST) {
      cache.put(run.threadId(), older);
    }
  }
}
