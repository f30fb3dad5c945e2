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
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.projects.PrivacyOptions;
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
    Field<MemoryOptions> memory,
    Field<SafetyOptions> safety,
    Field<PrivacyOptions> privacy,
    Field<Exposure> exposure,
    Field<TurnOptions.Reasoning> reasoning,
    Field<TurnOptions.Visibility> visibility,
    Field<Integer> maxTurns,
    Field<Integer> maxToolCalls,
    Field<RunBudget> budget) {
  ModifyAssistant {
    if (model instanceof Field.Present<String>(var text)) {
      Bounds.requiredText("model", text, MAX_MODEL);
    }
    Bounds.text("name", name.orElse(null), MAX_NAME);
    Bounds.text("description", description.orElse(null), MAX_DESCRIPTION);
    Bounds.text("instructions", instructions.orElse(null), MAX_INSTRUCTIONS);
    tools = tools.map(list -> ToolSpec.validated(list, ToolSpec.MAX_PER_ASSISTANT));
    ResponseFormat.checked(responseFormat.orElse(null));
    Bounds.number("temperature", temperature.orElse(null), 0, MAX_TEMPERATURE);
    Bounds.number("top_p", topP.orElse(null), 0, MAX_TOP_P);
    PrivacyOptions.requireKnown(privacy.orElse(null));
    new TurnOptions(null, null, maxTurns.orElse(null), maxToolCalls.orElse(null), null);
  }

  /** The settings with what is given put in the place of what was. */
  TurnOptions turnsMergedWith(TurnOptions before) {
    return new TurnOptions(
        reasoning.orElse(before.reasoning()),
        visibility.orElse(before.visibility()),
        maxTurns.orElse(before.maxTurns()),
        maxToolCalls.orElse(before.maxToolCalls()),
        budget.orElse(before.budget()));
  }
}
