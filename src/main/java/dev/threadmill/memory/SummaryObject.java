package dev.threadmill.memory;

import dev.threadmill.api.ThreadId;

/**
 * A version of a summary in the API.
 *
 * @param origin {@code model}, {@code extract} (made without a model), {@code edit} or {@code
 *     restore}
 * @param writtenBy the model, or the version that was restored
 * @param coversTo creation time of the newest message that it covers, in Unix seconds
 */
public record SummaryObject(
    String object,
    int version,
    ThreadId threadId,
    long createdAt,
    String text,
    String method,
    String origin,
    String writtenBy,
    long coversTo) {
  static SummaryObject of(SummaryStore.Summary summary) {
    return new SummaryObject(
        "thread.memory.summary",
        summary.version(),
        summary.thread(),
        summary.createdAt().getEpochSecond(),
        summary.text(),
        summary.method(),
        summary.origin(),
        summary.writtenBy(),
        summary.coversTo().getEpochSecond());
  }
}
