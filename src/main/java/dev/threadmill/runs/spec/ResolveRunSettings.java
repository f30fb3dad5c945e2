package dev.threadmill.runs.spec;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.ReasoningEffort;
import dev.threadmill.assistants.RoutingTargets;
import dev.threadmill.assistants.ToolSecrets;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.RegionMismatchException;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.projects.Residency;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.runs.store.TruncationStrategy;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.function.Function;

/** Works out the settings of a run from its assistant, if it has one, and its overrides. */
@ApplicationScoped
public class ResolveRunSettings {
  private final ToolSecrets toolSecrets;
  private final RoutingTargets routingTargets;
  private final ToolsetFactory toolsets;
  private final ContentGate gate;
  private final ModelRegistry models;
  private final Residency residency;

  public ResolveRunSettings(
      ToolSecrets toolSecrets,
      RoutingTargets routingTargets,
      ToolsetFactory toolsets,
      ContentGate gate,
      ModelRegistry models,
      Residency residency) {
    this.gate = gate;
    this.models = models;
    this.residency = residency;
    this.toolSecrets = toolSecrets;
    this.routingTargets = routingTargets;
    this.toolsets = toolsets;
  }

  /**
   * The settings of a run.
   *
   * @param assistant null for a run without an assistant
   * @throws ApiException 400 if the run has no assistant and names no model, if the model is in
   *     another region than the project, if the tool that must be called is not among its tools, or
   *     if a tool routes to an assistant that does not exist
   */
  public RunSettings resolve(ProjectId project, Assistant assistant, RunOverrides overrides) {
    var settings =
        new RunSettings(
            model(project, assistant, overrides),
            instructions(project, assistant, overrides),
            tools(project, assistant, overrides),
            toolUse(overrides),
            sampling(assistant, overrides),
            overrides.tokenLimits(),
            or(overrides.truncationStrategy(), TruncationStrategy.AUTO),
            or(
                or(overrides.responseFormat(), of(assistant, Assistant::responseFormat)),
                ResponseFormat.AUTO),
            of(assistant, Assistant::safety),
            of(assistant, Assistant::memory),
            overrides
                .turns()
                .withDefaults(assistant == null ? TurnOptions.NONE : assistant.turns()),
            overrides.exactReplay(),
            overrides.opening());
    requireChoosable(settings);
    return settings;
  }

  private String model(ProjectId project, Assistant assistant, RunOverrides overrides) {
    var model = or(overrides.model(), of(assistant, Assistant::model));
    if (model == null) {
      throw ApiException.missing("model");
    }
    models.requireMapped(model);
    // A model that does not exist fails the run, as one that is no longer there would.
    models.find(model).ifPresent(found -> requireRegion(project, found.info()));
    return model;
  }

  private void requireRegion(ProjectId project, ModelInfo model) {
    try {
      residency.requireModel(project, model);
    } catch (RegionMismatchException e) {
      throw ModelErrors.of(e, model.name(), "model");
    }
  }

  /** Those of the assistant passed the content filters when they were stored. */
  private String instructions(ProjectId project, Assistant assistant, RunOverrides overrides) {
    var source = ContentSource.input(project, of(assistant, Assistant::id), null);
    var own = gate.applyTo("instructions", source, overrides.instructions());
    var base = or(or(own, of(assistant, Assistant::instructions)), "");
    var additional =
        or(gate.applyTo("additional_instructions", source, overrides.additionalInstructions()), "");
    return base.isEmpty() || additional.isEmpty() ? base + additional : base + "\n" + additional;
  }

  private List<ToolSpec> tools(ProjectId project, Assistant assistant, RunOverrides overrides) {
    List<ToolSpec> base = assistant == null ? List.of() : assistant.tools();
    var own =
        toolSecrets.sealAll(
            project, routingTargets.resolve(project, null, overrides.tools()), base);
    return own == null ? routingTargets.refreshNames(project, base) : own;
  }

  private static RunSettings.ToolUse toolUse(RunOverrides overrides) {
    return new RunSettings.ToolUse(
        or(overrides.toolChoice(), ToolChoice.AUTO), or(overrides.parallelToolCalls(), true));
  }

  private static RunSettings.Sampling sampling(Assistant assistant, RunOverrides overrides) {
    ReasoningEffort effort =
        or(overrides.reasoningEffort(), of(assistant, Assistant::reasoningEffort));
    return new RunSettings.Sampling(
        or(overrides.temperature(), of(assistant, Assistant::temperature)),
        or(overrides.topP(), of(assistant, Assistant::topP)),
        effort == null ? null : effort.wire());
  }

  private void requireChoosable(RunSettings settings) {
    var tools = settings.tools();
    boolean choosable =
        switch (settings.toolUse().choice()) {
          case ToolChoice.Mode mode -> !mode.equals(ToolChoice.REQUIRED) || !tools.isEmpty();
          case ToolChoice.Function(var name) -> toolsets.offers(tools, name);
          case ToolChoice.BuiltIn(var type) ->
              tools.stream()
                  .filter(tool -> tool.type().equals(type))
                  .anyMatch(tool -> isOffered(settings.model(), tool));
        };
    if (!choosable) {
      throw ApiException.invalid(
          "tool_choice", "Invalid 'tool_choice': the run has no such tool to call.");
    }
  }

  /**
   * Whether this server has what the tool needs.
   *
   * @throws ApiException 400 that says what it does not have
   */
  private boolean isOffered(String model, ToolSpec tool) {
    toolsets
        .objection(model, tool)
        .ifPresent(
            reason -> {
              throw ApiException.invalid("tool_choice", "Invalid 'tool_choice': " + reason);
            });
    return true;
  }

  private static <T> T of(Assistant assistant, Function<Assistant, T> value) {
    return assistant == null ? null : value.apply(assistant);
  }

  private static <T> T or(T value, T otherwise) {
    return value == null ? otherwise : value;
  }
}
