package dev.threadmill.protocols.responses;

import dev.threadmill.api.Metadata;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.threads.ConversationThread;

/** A conversation on the wire. Times are Unix seconds. */
public record ConversationObject(String id, String object, long createdAt, Metadata metadata) {
  static ConversationObject of(ConversationThread thread) {
    return new ConversationObject(
        ItemIds.conversation(thread.id()),
        "conversation",
        thread.createdAt().getEpochSecond(),
        thread.metadata());
  }
}
