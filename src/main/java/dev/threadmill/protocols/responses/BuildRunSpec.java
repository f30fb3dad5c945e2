package dev.threadmill.protocols.responses;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.spec.RunSpec;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/** Builds the request for the run of a response. */
@ApplicationScoped
class BuildRunSpec {
  private final Assistants assistants;

  BuildRunSpec(Assistants assistants) {
    this.assistants = assistants;
  }

  /**
   * The run of a response.
   *
   * @param before the text of the system messages of the chain so far
   * @param opening what the run does before its first model call
   */
  RunSpec of(
      ProjectId project,
      ResponseRequest request,
      String before,
      InputItems input,
      Opening opening) {
    var system = joined(before, input.system());
    var hint =
        switch (request.verbosity()) {
          case "low" -> "Answer as briefly as possible.";
          case "high" -> "Answer in detail.";
          case null, default -> "";
        };
    var overrides =
        RunOverrides.builder()
            .model(request.model())
            .instructions(instructions(project, request), joined(system, hint))
            .toolUse(request.tools().choice(), request.parallelToolCalls())
            .sampling(request.temperature(), request.topP())
            .reasoningEffort(request.effort())
            .tokenLimits(null, request.maxOutputTokens())
            .responseFormat(request.format())
            .turns(TurnOptions.NONE.with(request.budget()).withServerCalls(request.maxToolCalls()))
            .exactReplay(request.store());
    opening.addTo(overrides);
    if (!request.truncates()) {
      overrides.truncationDisabled();
    }
    if (request.assistant() == null || !request.tools().specs().isEmpty()) {
      overrides.tools(tools(project, request));
    }
    var spec =
        request.assistant() == null
            ? RunSpec.withoutAssistant(overrides.build())
            : RunSpec.ofAssistant(request.assistant()).with(overrides.build());
    return spec.with(request.metadata());
  }

  /** Those of the prompt, with its variables filled in; null for those of the assistant. */
  private String instructions(ProjectId project, ResponseRequest request) {
    if (request.instructions() != null
        || request.assistant() == null
        || request.variables().isEmpty()) {
      return request.instructions();
    }
    var text = assistants.get(project, request.assistant()).instructions();
    for (var variable : request.variables().entrySet()) {
      text =
          text == null ? null : text.replace("{{" + variable.getKey() + "}}", variable.getValue());
    }
    return text;
  }

  private List<ToolSpec> tools(ProjectId project, ResponseRequest request) {
    if (request.assistant() == null) {
      return request.tools().specs();
    }
    var all = new ArrayList<>(assistants.get(project, request.assistant()).tools());
    all.addAll(request.tools().specs());
    return all;
  }

  /** Two texts in paragraphs of their own; each may be empty. */
  static String joined(String first, String second) {
    return first.isEmpty() || second.isEmpty() ? first + second : first + "\n\n" + second;
  }
}
