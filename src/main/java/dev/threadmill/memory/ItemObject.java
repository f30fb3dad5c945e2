package dev.threadmill.memory;

import dev.threadmill.api.ThreadId;
import java.util.List;

/**
 * A fact in the API.
 *
 * @param type {@code fact}, {@code preference} or {@code question}
 * @param messageIds the messages that it was extracted from
 * @param supersededBy the item that corrected it; null while it is valid
 */
public record ItemObject(
    String id,
    String object,
    ThreadId threadId,
    String type,
    String text,
    List<String> messageIds,
    long createdAt,
    long updatedAt,
    String supersededBy) {
  static ItemObject of(FactStore.Fact fact) {
    return new ItemObject(
        fact.id(),
        "thread.memory.item",
        fact.thread(),
        fact.kind(),
        fact.text(),
        fact.messageIds(),
        fact.createdAt().getEpochSecond(),
        fact.updatedAt().getEpochSecond(),
        fact.supersededBy());
  }
}
