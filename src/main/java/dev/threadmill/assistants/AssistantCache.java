package dev.threadmill.assistants;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.HeapBytes;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/**
 * Caches assistants on this node, so that a run does not wait for its assistant to be read. A
 * cached assistant may be outdated, so the transaction that builds on it checks its version: no run
 * uses an assistant that was changed before it began.
 */
@ApplicationScoped
public class AssistantCache {
  private static final Duration MEMORY = Duration.ofMinutes(10);
  private static final int SHARE_OF_THE_HEAP = 16;
  private static final int BYTES_OF_THE_REST = 2_000;

  private final Assistants assistants;
  private final Cache<AssistantId, Entry> known =
      Caffeine.newBuilder()
          .expireAfterAccess(MEMORY)
          .maximumWeight(HeapBytes.share(SHARE_OF_THE_HEAP))
          .weigher((AssistantId _, Entry each) -> each.weight())
          .build();

  AssistantCache(Assistants assistants) {
    this.assistants = assistants;
  }

  /**
   * An assistant as it was at some time.
   *
   * @param version how often it had been changed by then
   * @param isFresh whether it was read just now, so that there is nothing to check
   */
  public record Entry(Assistant assistant, long version, boolean isFresh) {
    int weight() {
      var instructions = assistant.instructions();
      return BYTES_OF_THE_REST
          + (instructions == null ? 0 : Character.BYTES * instructions.length())
          + HeapBytes.ofTree(Json.write(assistant.tools()).length());
    }

    /**
     * Has the transaction fail with a {@link DatabaseException} that {@link
     * DatabaseException#isFenced is fenced} if the assistant has been changed or deleted since.
     */
    public void requireUnchanged(Tx tx) {
      if (!isFresh) {
        tx.defer(
            "SELECT require_one(count(*)) FROM assistants WHERE id = ? AND version = ?",
            assistant.id(),
            version);
      }
    }
  }

  /**
   * The assistant, remembered if it can be.
   *
   * @throws ApiException 404 if the project has none of this id
   */
  public Entry get(ProjectId project, AssistantId id) {
    var remembered = known.getIfPresent(id);
    return remembered != null && remembered.assistant().projectId().equals(project)
        ? remembered
        : refresh(project, id);
  }

  /**
   * The assistant as it is now.
   *
   * @throws ApiException 404 if the project has none of this id
   */
  public Entry refresh(ProjectId project, AssistantId id) {
    known.invalidate(id);
    var read = assistants.findVersioned(project, id);
    var fresh = read.orElseThrow(() -> ApiException.notFound("assistant", id));
    known.put(id, new Entry(fresh.assistant(), fresh.version(), false));
    return fresh;
  }
}
