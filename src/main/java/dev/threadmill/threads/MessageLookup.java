package dev.threadmill.threads;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds a message that a request with an idempotency key has created. */
@ApplicationScoped
class MessageLookup implements ObjectLookup {
  private final MessageStore messages;

  MessageLookup(MessageStore messages) {
    this.messages = messages;
  }

  @Override
  public String prefix() {
    return MessageId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return messages.find(project, new ThreadId(thread), new MessageId(id)).map(MessageObject::of);
  }
}
