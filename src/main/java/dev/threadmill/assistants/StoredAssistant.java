package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StoredObject;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Reads an assistant that a repeated request has made. */
@ApplicationScoped
class StoredAssistant implements StoredObject {
  private final Assistants assistants;

  StoredAssistant(Assistants assistants) {
    this.assistants = assistants;
  }

  @Override
  public String prefix() {
    return AssistantId.PREFIX;
  }

  @Override
  public Optional<Object> read(ProjectId project, String thread, String id) {
    return assistants.find(project, new AssistantId(id)).map(AssistantObject::of);
  }
}
