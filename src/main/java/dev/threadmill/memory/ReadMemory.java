package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.assistants.MemoryOptions.SummaryMethod;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.recall.Recall;
import dev.threadmill.memory.recall.TextStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Locale;

/** Reads and searches the memory of a thread for the API. */
@ApplicationScoped
class ReadMemory {
  private final TextStore texts;
  private final IndexMessages index;
  private final SummaryStore summaries;
  private final Assistants assistants;
  private final Recall recall;
  private final VectorRequests requests;
  private final MemoryConfig config;

  ReadMemory(
      TextStore texts,
      IndexMessages index,
      SummaryStore summaries,
      Assistants assistants,
      Recall recall,
      VectorRequests requests,
      MemoryConfig config) {
    this.texts = texts;
    this.index = index;
    this.summaries = summaries;
    this.assistants = assistants;
    this.recall = recall;
    this.requests = requests;
    this.config = config;
  }

  /** Finds a thread; 404 if the project has none with this id. */
  TextStore.ThreadInfo thread(ProjectId project, ThreadId id) {
    return texts.thread(project, id).orElseThrow(() -> ApiException.notFound("thread", id));
  }

  /**
   * The memory of a thread.
   *
   * @param query null for the newest text of the user
   */
  MemoryObject of(TextStore.ThreadInfo thread, String query, int limit)
      throws InterruptedException {
    int pending = index.indexThread(thread.id(), config.patience());
    var question = query != null ? query : texts.newestUserText(thread.id()).orElse("");
    var policy = policy(thread);
    var scope = scope(thread, policy.scope());
    requests.add(scope);
    var memories = recall.recall(scope, question, limit);
    var summary = summaries.latest(thread.id());
    return new MemoryObject(
        "thread.memory",
        thread.id(),
        summary.map(SummaryStore.Summary::text).orElse(null),
        summary
            .map(SummaryStore.Summary::method)
            .filter(method -> policy.summaryMethod() == SummaryMethod.NONE)
            .orElse(policy.summaryMethod().name().toLowerCase(Locale.ROOT)),
        summary.map(found -> found.createdAt().getEpochSecond()).orElse(null),
        pending,
        memories.stream().map(MemoryObject.Recalled::of).toList());
  }

  /** The passages that a search recalls. */
  List<MemoryObject.Recalled> search(TextStore.ThreadInfo thread, SearchMemory search)
      throws InterruptedException {
    index.indexThread(thread.id(), config.patience());
    var scope = scope(thread, search.scope() == null ? Scope.THREAD : search.scope());
    requests.add(scope);
    return recall
        .recall(scope, search.query(), search.limit() == null ? 10 : search.limit())
        .stream()
        .map(MemoryObject.Recalled::of)
        .toList();
  }

  private MemoryPolicy policy(TextStore.ThreadInfo thread) {
    var settings =
        thread.assistantId() == null
            ? null
            : assistants
                .find(thread.project(), new AssistantId(thread.assistantId()))
                .map(Assistant::memory)
                .orElse(null);
    return MemoryPolicy.of(settings);
  }

  private static MemoryScope scope(TextStore.ThreadInfo thread, Scope scope) {
    if (scope == Scope.ASSISTANT && thread.assistantId() != null) {
      return new MemoryScope.OfAssistant(thread.project(), thread.assistantId());
    }
    if (scope == Scope.USER && thread.userId() != null) {
      return new MemoryScope.OfUser(thread.project(), thread.userId());
    }
    return new MemoryScope.OfThread(thread.project(), thread.id());
  }
}
