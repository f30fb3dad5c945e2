package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import jakarta.enterprise.context.ApplicationScoped;

/** Answers what a thread remembers. */
@ApplicationScoped
class ReadMemory {
  private final TextStore texts;
  private final IndexMessages index;
  private final QueueStore queue;
  private final Recall recall;
  private final MemoryConfig config;

  ReadMemory(
      TextStore texts, IndexMessages index, QueueStore queue, Recall recall, MemoryConfig config) {
    this.texts = texts;
    this.index = index;
    this.queue = queue;
    this.recall = recall;
    this.config = config;
  }

  /**
   * @param query null for the newest message of the user
   */
  MemoryObject of(ProjectId project, ThreadId id, String query, int limit)
      throws InterruptedException {
    var thread = texts.thread(project, id).orElseThrow(() -> ApiException.notFound("thread", id));
    int pending = index.allOf(id, config.patience());
    var question = query != null ? query : texts.newestOfUser(id).orElse("");
    var memories = recall.recall(new MemoryScope.OfThread(project, id), question, limit);
    return new MemoryObject(
        "thread.memory",
        thread.id(),
        null,
        "none",
        null,
        pending,
        memories.stream().map(MemoryObject.Recalled::of).toList());
  }
}
