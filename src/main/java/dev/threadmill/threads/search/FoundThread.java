package dev.threadmill.threads.search;

import dev.threadmill.api.Metadata;
import dev.threadmill.threads.ConversationThread;

/**
 * A thread in a list of a project, with what tells it apart from others.
 *
 * @param firstMessage the beginning of its first message; null if it has none
 * @param lastMessage the beginning of its latest message; null if it has none
 * @param lastActivityAt the time of its latest message or run, in Unix seconds
 * @param latestRun null if it has no run
 */
public record FoundThread(
    String id,
    String object,
    long createdAt,
    Metadata metadata,
    String assistantId,
    ConversationThread.Status status,
    ConversationThread.ForkedFrom forkedFrom,
    String firstMessage,
    String lastMessage,
    long lastActivityAt,
    LatestRuns.LatestRun latestRun) {
  static FoundThread of(
      ConversationThread thread, FindThreads.Ends ends, LatestRuns.LatestRun latestRun) {
    return new FoundThread(
        thread.id().value(),
        "project.thread",
        thread.createdAt().getEpochSecond(),
        thread.metadata(),
        thread.assistantId() == null ? null : thread.assistantId().value(),
        thread.status(),
        thread.forkedFrom(),
        ends.first(),
        ends.last(),
        ends.activeAt().getEpochSecond(),
        latestRun);
  }
}
