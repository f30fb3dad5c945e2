package dev.threadmill.assistants;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Creates assistants that another server has had. */
@ApplicationScoped
public class ImportAssistant {
  private final Assistants assistants;

  ImportAssistant(Assistants assistants) {
    this.assistants = assistants;
  }

  /**
   * Creates an assistant.
   *
   * @param id not in use
   * @param body as that of {@code POST /v1/assistants}
   * @throws dev.threadmill.api.ApiException 400 that names the field which is not valid
   */
  public void create(ProjectId project, AssistantId id, Instant createdAt, JsonNode body) {
    var bytes = Json.write(body).getBytes(StandardCharsets.UTF_8);
    assistants.create(project, id, createdAt, JsonBody.read(bytes, CreateAssistant.class));
  }
}
