package dev.threadmill.assistants;

import static dev.threadmill.assistants.CreateAssistant.MAX_DESCRIPTION;
import static dev.threadmill.assistants.CreateAssistant.MAX_INSTRUCTIONS;
import static dev.threadmill.assistants.CreateAssistant.MAX_MODEL;
import static dev.threadmill.assistants.CreateAssistant.MAX_NAME;
import static dev.threadmill.assistants.CreateAssistant.MAX_TEMPERATURE;
import static dev.threadmill.assistants.CreateAssistant.MAX_TOP_P;

import dev.threadmill.api.Bounds;
import dev.threadmill.api.Field;
import dev.threadmill.api.Metadata;
import dev.threadmill.models.ResponseFormat;
import java.util.List;

/**
 * The body of {@code POST /v1/assistants/{assistant_id}}. What is left out stays as it is, null
 * clears; the model cannot be cleared.
 */
record ModifyAssistant(
    Field<String> model,
    Field<String> name,
    Field<String> description,
    Field<String> instructions,
    Field<List<ToolSpec>> tools,
    Field<ToolResources> toolResources,
    Field<Metadata> metadata,
    Field<Double> temperature,
    Field<Double> topP,
    Field<ResponseFormat> responseFormat,
    Field<ReasoningEffort> reasoningEffort,
    Field<MemorySettings> memory,
    Field<SafetySettings> safety,
    Field<PrivacySettings> privacy,
    Field<Exposure> exposure,
    Field<TurnSettings.Reasoning> reasoning,
    Field<TurnSettings.Visibility> visibility,
    Field<Integer> maxTurns,
    Field<Integer> maxToolCalls) {
  ModifyAssistant {
    if (model instanceof Field.Present<String>(var text)) {
      Bounds.requiredText("model", text, MAX_MODEL);
    }
    Bounds.text("name", name.or(null), MAX_NAME);
    Bounds.text("description", description.or(null), MAX_DESCRIPTION);
    Bounds.text("instructions", instructions.or(null), MAX_INSTRUCTIONS);
    tools = tools.map(list -> ToolSpec.checked(list, ToolSpec.MAX_OF_ASSISTANT));
    ResponseFormat.checked(responseFormat.or(null));
    Bounds.number("temperature", temperature.or(null), 0, MAX_TEMPERATURE);
    Bounds.number("top_p", topP.or(null), 0, MAX_TOP_P);
    new TurnSettings(null, null, maxTurns.or(null), maxToolCalls.or(null));
  }

  /** The settings with what is given put in the place of what was. */
  TurnSettings turnsOver(TurnSettings before) {
    return new TurnSettings(
        reasoning.or(before.reasoning()),
        visibility.or(before.visibility()),
        maxTurns.or(before.maxTurns()),
        maxToolCalls.or(before.maxToolCalls()));
  }
}
