package dev.threadmill.assistants;

import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.projects.PrivacyOptions;
import java.util.List;

/** The body of {@code POST /v1/assistants}. */
record CreateAssistant(
    String model,
    String name,
    String description,
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
    TurnOptions.Reasoning reasoning,
    TurnOptions.Visibility visibility,
    Integer maxTurns,
    Integer maxToolCalls,
    RunBudget budget) {
  static final int MAX_MODEL = 256;
  static final int MAX_NAME = 256;
  static final int MAX_DESCRIPTION = 512;
  static final int MAX_INSTRUCTIONS = 256_000;
  static final double MAX_TEMPERATURE = 2;
  static final double MAX_TOP_P = 1;

  CreateAssistant {
    Bounds.requiredText("model", model, MAX_MODEL);
    Bounds.text("name", name, MAX_NAME);
    Bounds.text("description", description, MAX_DESCRIPTION);
    Bounds.text("instructions", instructions, MAX_INSTRUCTIONS);
    tools = ToolSpec.validated(tools, ToolSpec.MAX_PER_ASSISTANT);
    ResponseFormat.checked(responseFormat);
    Bounds.number("temperature", temperature, 0, MAX_TEMPERATURE);
    Bounds.number("top_p", topP, 0, MAX_TOP_P);
    PrivacyOptions.requireKnown(privacy);
    new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, budget);
  }

  TurnOptions turns() {
    return new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, budget);
  }
}
