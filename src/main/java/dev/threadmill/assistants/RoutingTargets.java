package dev.threadmill.assistants;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.AgentRoutingSpec.TargetName;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.control.ActivateRequestContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks up the assistants that others may route to, and names their functions. */
@ApplicationScoped
public class RoutingTargets {
  private static final String PREFIX = "route_to_";
  private static final int MAX_FUNCTION = 64;

  /**
   * The tools that a client has sent, with the names that the targets have now. Costs one statement
   * if there are targets among them, else none.
   *
   * @param self the assistant whose tools they are, which is no target of its own; null if it has
   *     no id yet
   * @throws ApiException 400 if a target does not exist in the project
   */
  @ActivateRequestContext
  public List<ToolSpec> resolve(ProjectId project, AssistantId self, List<ToolSpec> tools) {
    if (!isRouting(tools)) {
      return tools;
    }
    var known = assistants(project, tools);
    for (int i = 0; i < tools.size(); i++) {
      if (tools.get(i) instanceof ToolSpec.AgentRouting(var spec, _)) {
        check("tools[%d].agent_routing".formatted(i), self, spec, known);
      }
    }
    return refreshNames(tools, known);
  }

  /**
   * The tools of a run that begins, with the names that the targets have now. One that does not
   * exist any more keeps the name that it had. Costs one statement if there are targets, else none.
   */
  @ActivateRequestContext
  public List<ToolSpec> refreshNames(ProjectId project, List<ToolSpec> tools) {
    return isRouting(tools) ? refreshNames(tools, assistants(project, tools)) : tools;
  }

  private static void check(
      String param, AssistantId self, AgentRoutingSpec spec, Map<String, AssistantRow> known) {
    if (spec.names() != null) {
      throw ApiException.invalid(
          param + ".names",
          "unknown_parameter",
          "Unknown parameter: '%s'.".formatted(param + ".names"));
    }
    for (int i = 0; i < spec.targets().size(); i++) {
      var place = "%s.targets[%d]".formatted(param, i);
      if (spec.targets().get(i).isRemote()) {
        continue;
      }
      var target = spec.targets().get(i).assistantId();
      if (!known.containsKey(target.value())) {
        throw ApiException.invalid(
            place, "Invalid '%s': there is no assistant '%s'.".formatted(place, target));
      }
      if (target.equals(self)) {
        throw ApiException.invalid(
            place, "Invalid '%s': an assistant does not route to itself.".formatted(place));
      }
    }
  }

  private static boolean isRouting(List<ToolSpec> tools) {
    return tools != null && tools.stream().anyMatch(ToolSpec.AgentRouting.class::isInstance);
  }

  private static Map<String, AssistantRow> assistants(ProjectId project, List<ToolSpec> tools) {
    var ids = new HashSet<String>();
    for (var tool : tools) {
      if (tool instanceof ToolSpec.AgentRouting(var spec, _)) {
        spec.targets().stream()
            .filter(target -> !target.isRemote())
            .forEach(target -> ids.add(target.assistantId().value()));
      }
    }
    var found = new HashMap<String, AssistantRow>();
    if (ids.isEmpty()) {
      return found;
    }
    List<PanacheEntityBase> rows =
        AssistantRow.list("projectId = ?1 and id in ?2", project.value(), ids);
    for (var each : rows) {
      if (each instanceof AssistantRow row) {
        found.put(row.id, row);
      }
    }
    return found;
  }

  private static List<ToolSpec> refreshNames(
      List<ToolSpec> tools, Map<String, AssistantRow> known) {
    var usedNames = new HashSet<String>();
    tools.forEach(tool -> usedNames.add(tool.key()));
    var named = new ArrayList<ToolSpec>();
    for (var tool : tools) {
      named.add(
          tool instanceof ToolSpec.AgentRouting(var spec, _)
              ? new ToolSpec.AgentRouting(spec.withNames(names(spec, known, usedNames)))
              : tool);
    }
    return named;
  }

  private static List<TargetName> names(
      AgentRoutingSpec spec, Map<String, AssistantRow> known, Set<String> usedNames) {
    var names = new ArrayList<TargetName>();
    for (int i = 0; i < spec.targets().size(); i++) {
      if (spec.targets().get(i).agent() instanceof RemoteAgent agent) {
        var stem = stem("agent", agent.name());
        names.add(new TargetName(free(stem, usedNames), agent.name(), agent.description()));
        continue;
      }
      names.add(
          name(
              spec.targets().get(i),
              spec.names() == null ? null : spec.names().get(i),
              known,
              usedNames));
    }
    return names;
  }

  private static TargetName name(
      AgentRoutingSpec.Target target,
      TargetName before,
      Map<String, AssistantRow> known,
      Set<String> usedNames) {
    var id = target.assistantId().value();
    var row = known.get(id);
    var name = target.name();
    if (name == null) {
      name = row != null ? row.name : before == null ? null : before.name();
    }
    var description = target.description();
    if (description == null) {
      description = row != null ? row.description : before == null ? null : before.description();
    }
    return new TargetName(free(stem(id, name), usedNames), name, description);
  }

  /** The name of the function that routes to an assistant, before a number makes it unique. */
  static String stem(String id, String name) {
    var snake = name == null ? "" : ToolName.snake(name);
    return PREFIX + (snake.isEmpty() ? id : snake);
  }

  /** The first of {@code stem}, {@code stem_2}, {@code stem_3} that is free, and takes it. */
  private static String free(String stem, Set<String> usedNames) {
    var name = cut(stem, MAX_FUNCTION);
    for (int n = 2; !usedNames.add(name); n++) {
      var suffix = "_" + n;
      name = cut(stem, MAX_FUNCTION - suffix.length()) + suffix;
    }
    return name;
  }

  private static String cut(String text, int length) {
    return text.substring(0, Math.min(length, text.length()));
  }
}
