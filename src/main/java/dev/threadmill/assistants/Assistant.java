package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.projects.PrivacyOptions;
import java.time.Instant;
import java.util.List;

/**
 * An assistant: a model with instructions, tools and options. Null stands for what was not set.
 *
 * @param responseFormat {@code auto} if it was not set
 */
public record Assistant(
    AssistantId id,
    ProjectId projectId,
    Instant createdAt,
    String name,
    String description,
    String model,
    String instructions,
    List<ToolSpec> tools,
    ToolResources toolResources,
    Metadata metadata,
    Double temperature,
    Double topP,
    ResponseFormat responseFormat,
    ReasoningEffort reasoningEffort,
    MemoryOptions memory,
    SafetyOptions safety,
    PrivacyOptions privacy,
    Exposure exposure,
    TurnOptions turns) {
  public Assistant {
    tools = List.copyOf(tools);
  }
}
