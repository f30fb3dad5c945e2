package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.Metadata;
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.projects.PrivacyOptions;
import java.util.List;

/**
 * An assistant on the wire. The fields from {@code reasoningEffort} on are extensions; all but that
 * one are left out unless set.
 */
public record AssistantObject(
    String id,
    String object,
    long createdAt,
    String name,
    String description,
    String model,
    String instructions,
    List<ToolSpec> tools,
    ToolResources toolResources,
    Metadata metadata,
    double temperature,
    double topP,
    ResponseFormat responseFormat,
    ReasoningEffort reasoningEffort,
    @JsonInclude(JsonInclude.Include.NON_NULL) MemoryOptions memory,
    @JsonInclude(JsonInclude.Include.NON_NULL) SafetyOptions safety,
    @JsonInclude(JsonInclude.Include.NON_NULL) PrivacyOptions privacy,
    @JsonInclude(JsonInclude.Include.NON_NULL) Exposure exposure,
    @JsonInclude(JsonInclude.Include.NON_NULL) TurnOptions.Reasoning reasoning,
    @JsonInclude(JsonInclude.Include.NON_NULL) TurnOptions.Visibility visibility,
    @JsonInclude(JsonInclude.Include.NON_NULL) Integer maxTurns,
    @JsonInclude(JsonInclude.Include.NON_NULL) Integer maxToolCalls,
    @JsonInclude(JsonInclude.Include.NON_NULL) RunBudget budget) {
  private static final double DEFAULT_TEMPERATURE = 1;
  private static final double DEFAULT_TOP_P = 1;

  /** The assistant as clients are shown it. */
  public static AssistantObject of(Assistant assistant) {
    return new AssistantObject(
        assistant.id().value(),
        "assistant",
        assistant.createdAt().getEpochSecond(),
        assistant.name(),
        assistant.description(),
        assistant.model(),
        assistant.instructions(),
        ToolSpec.masked(assistant.tools()),
        assistant.toolResources(),
        assistant.metadata(),
        assistant.temperature() == null ? DEFAULT_TEMPERATURE : assistant.temperature(),
        assistant.topP() == null ? DEFAULT_TOP_P : assistant.topP(),
        assistant.responseFormat(),
        assistant.reasoningEffort(),
        assistant.memory(),
        assistant.safety(),
        assistant.privacy(),
        assistant.exposure().equals(Exposure.NONE) ? null : assistant.exposure(),
        assistant.turns().reasoning(),
        assistant.turns().visibility(),
        assistant.turns().maxTurns(),
        assistant.turns().maxToolCalls(),
        assistant.turns().budget());
  }
}
