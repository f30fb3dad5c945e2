package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Reads an assistant that a repeated request has made. */
@ApplicationScoped
class AssistantLookup implements ObjectLookup {
  private final Assistants assistants;

  AssistantLookup(Assistants assistants) {
    this.assistants = assistants;
  }

  @Override
  public String prefix() {
    return AssistantId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return assistants.find(project, new AssistantId(id)).map(AssistantObject::of);
  }
}
