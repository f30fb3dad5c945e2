package dev.threadmill.threads;

import dev.threadmill.api.Field;
import dev.threadmill.api.Metadata;

/** The body of {@code POST /v1/threads/{thread_id}/messages/{message_id}}. */
record ModifyMessage(Field<Metadata> metadata) {
  ModifyMessage {
    metadata = metadata.replaceNull(Metadata.EMPTY);
  }
}
