package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Field;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.ToolResources;

/** The body of {@code POST /v1/threads/{thread_id}}. What is left out stays as it is. */
record ModifyThread(
    Field<ToolResources> toolResources,
    Field<Metadata> metadata,
    Field<AssistantId> assistantId,
    Field<ConversationThread.Status> status) {
  ModifyThread {
    metadata = metadata.replaceNull(Metadata.EMPTY);
    if (status instanceof Field.Present<ConversationThread.Status>(var value) && value == null) {
      throw ApiException.invalid(
          "status", "Invalid value for 'status': expected 'active' or 'archived'.");
    }
  }

  /** The same change, of which the metadata name the user of the current client token, if any. */
  ModifyThread owned() {
    return new ModifyThread(
        toolResources, metadata.map(pairs -> UserThreads.owned("", pairs)), assistantId, status);
  }

  static ModifyThread nothing() {
    return new ModifyThread(Field.absent(), Field.absent(), Field.absent(), Field.absent());
  }
}
