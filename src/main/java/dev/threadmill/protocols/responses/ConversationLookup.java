package dev.threadmill.protocols.responses;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds the conversation of a request that is repeated with its idempotency key. */
@ApplicationScoped
class ConversationLookup implements ObjectLookup {
  private final ThreadStore threads;

  ConversationLookup(ThreadStore threads) {
    this.threads = threads;
  }

  @Override
  public String prefix() {
    return ItemIds.CONVERSATION;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return threads.find(project, ItemIds.thread(id)).map(ConversationObject::of);
  }
}
