package dev.threadmill.tools;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.projects.Residency;
import dev.threadmill.tools.schema.ArgumentValidator;
import io.quarkus.arc.All;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Puts together the toolsets of runs from the providers of all kinds of tools. */
@Singleton
public class ToolsetFactory {
  private final ArgumentValidator validator;
  private final ContentGate gate;
  private final Residency residency;
  private final Map<Class<?>, ToolProvider<?>> providers = new HashMap<>();

  ToolsetFactory(
      ArgumentValidator validator,
      ContentGate gate,
      Residency residency,
      @All List<ToolProvider<?>> providers) {
    this.validator = validator;
    this.residency = residency;
    this.gate = gate;
    providers.forEach(provider -> this.providers.put(provider.spec(), provider));
  }

  /** A toolset without tools. */
  public Toolset empty() {
    return new Toolset(validator, "", AllowedDomains.ANY);
  }

  /**
   * The toolset of a run with these tools. Where two tools have one name the first counts. What
   * cannot be offered is left out; {@link Toolset#warnings} says what and why.
   *
   * @param model that is offered the tools
   * @param domains which hosts the tools may reach, as far as they agree with the region of the
   *     project
   * @throws InterruptedException if the run was stopped
   */
  public Toolset create(
      ProjectId project, String model, List<ToolSpec> specs, AllowedDomains domains)
      throws InterruptedException {
    var reachable = residency.restrict(project, domains);
    return create(new ToolScope(project, model, reachable, names(specs), false), specs);
  }

  /** The toolset as far as it is known without calling other servers. */
  public Toolset fromCache(ProjectId project, String model, List<ToolSpec> specs) {
    try {
      return create(new ToolScope(project, model, AllowedDomains.ANY, names(specs), true), specs);
    } catch (InterruptedException e) {
      throw new IllegalStateException("a cache does not wait", e);
    }
  }

  /**
   * Why a model cannot be offered a tool on this server, as a sentence; empty if it can.
   *
   * @param model null if it is not known
   */
  public Optional<String> objection(String model, ToolSpec spec) {
    var provider = providers.get(spec.getClass());
    return provider == null ? Optional.empty() : objection(provider, model, spec);
  }

  /** Whether one of the tools may offer a function of this name; calls no other server. */
  public boolean offers(List<ToolSpec> specs, String functionName) {
    return specOf(specs, functionName).isPresent();
  }

  /** The first of these tools that may offer a function of this name; calls no other server. */
  public Optional<ToolSpec> specOf(List<ToolSpec> specs, String functionName) {
    return specs.stream()
        .filter(
            spec -> {
              var provider = providers.get(spec.getClass());
              return provider != null && offers(provider, spec, functionName);
            })
        .findFirst();
  }

  private Toolset create(ToolScope scope, List<ToolSpec> specs) throws InterruptedException {
    var toolset = new Toolset(validator, scope.project().value(), scope.domains());
    for (var spec : specs) {
      var provider = providers.get(spec.getClass());
      if (provider == null) {
        toolset.warn(
            "This server cannot run tools of type '%s' yet; the model is not offered the tool."
                .formatted(spec.type()));
        continue;
      }
      var offer = tools(provider, scope, spec);
      offer.warnings().forEach(toolset::warn);
      offer.tools().forEach(tool -> add(toolset, scope, tool));
    }
    return toolset;
  }

  /** Adds a tool as far as the content filters let its names and descriptions pass. */
  private void add(Toolset toolset, ToolScope scope, Tool tool) {
    var function = tool.function();
    var source =
        tool instanceof ServerTool
            ? ContentSource.tool(scope.project(), null, null)
            : ContentSource.input(scope.project(), null, null);
    try {
      toolset.add(tool, gate.apply(source, function));
    } catch (ContentRejectedException e) {
      toolset.warn(
          "The model is not offered the tool '%s': a content filter rejected its definition: %s"
              .formatted(function.name(), e.getMessage()));
    }
  }

  private static HashSet<String> names(List<ToolSpec> specs) {
    var names = new HashSet<String>();
    specs.forEach(spec -> names.add(spec.key()));
    return names;
  }

  private static <S extends ToolSpec> ToolOffer tools(
      ToolProvider<S> provider, ToolScope scope, ToolSpec spec) throws InterruptedException {
    return provider.tools(scope, provider.spec().cast(spec));
  }

  private static <S extends ToolSpec> Optional<String> objection(
      ToolProvider<S> provider, String model, ToolSpec spec) {
    return provider.objection(model, provider.spec().cast(spec));
  }

  private static <S extends ToolSpec> boolean offers(
      ToolProvider<S> provider, ToolSpec spec, String functionName) {
    return provider.offers(provider.spec().cast(spec), functionName);
  }
}
