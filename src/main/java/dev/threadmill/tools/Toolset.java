package dev.threadmill.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.schema.ArgumentValidator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tools of one run, by the names that its model knows them by. */
public final class Toolset {
  private static final int MAX_NAMED = 50;
  private static final int MAX_WARNINGS = 50;

  private final Map<String, Tool> tools = new LinkedHashMap<>();
  private final List<FunctionSpec> functions = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final ArgumentValidator validator;
  private final String owner;
  private final AllowedDomains domains;

  /** What is to be done with a call. */
  public sealed interface Dispatch {
    /** The client executes it. */
    record ToClient() implements Dispatch {}

    /** The server executes it, with these arguments. */
    record ToServer(ServerTool tool, JsonNode arguments) implements Dispatch {}

    /** Another assistant works on this message, in a run of its own. */
    record ToAssistant(RoutingTool route, String message) implements Dispatch {}

    /** It is not executed: it names no tool, or its arguments are invalid. */
    record Rejected(ToolError error) implements Dispatch {}
  }

  /**
   * @param owner whose calls are validated in turn with those of others
   * @param domains which hosts the tools may reach
   */
  Toolset(ArgumentValidator validator, String owner, AllowedDomains domains) {
    this.domains = domains;
    this.validator = validator;
    this.owner = owner;
  }

  /** Which hosts the tools may reach. */
  public AllowedDomains allowedDomains() {
    return domains;
  }

  /**
   * Adds a tool.
   *
   * @param offered its function as the model is shown it; arguments are validated against its own
   */
  void add(Tool tool, FunctionSpec offered) {
    var name = tool.function().name();
    if (tools.putIfAbsent(name, tool) == null) {
      functions.add(offered);
    } else {
      warn("More than one tool is named '%s'; the model is offered the first.".formatted(name));
    }
  }

  void warn(String warning) {
    if (warnings.size() < MAX_WARNINGS) {
      warnings.add(warning);
    }
  }

  /** What the model is offered. */
  public List<FunctionSpec> functions() {
    return List.copyOf(functions);
  }

  /** Those of {@link #functions} that the client executes. */
  public List<FunctionSpec> clientFunctions() {
    return functions.stream()
        .filter(function -> tools.get(function.name()) instanceof ClientTool)
        .toList();
  }

  /** A sentence for each tool that the model is not offered, and why. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /**
   * Decides what is to be done with a call.
   *
   * @param arguments as the model wrote them
   */
  public Dispatch dispatch(String name, String arguments) {
    var tool = tools.get(name);
    if (tool == null) {
      return new Dispatch.Rejected(unknown(name));
    }
    JsonNode parsed;
    try {
      parsed = Json.MAPPER.readTree(arguments.isBlank() ? "{}" : arguments);
    } catch (JsonProcessingException e) {
      return new Dispatch.Rejected(invalid(name, List.of("not JSON: " + e.getOriginalMessage())));
    }
    var violations = validator.validate(owner, tool.function(), parsed);
    if (!violations.isEmpty()) {
      return new Dispatch.Rejected(invalid(name, violations));
    }
    return switch (tool) {
      case ClientTool _ -> new Dispatch.ToClient();
      case RoutingTool route -> new Dispatch.ToAssistant(route, RoutingTool.message(parsed));
      case ServerTool server -> new Dispatch.ToServer(server, parsed);
    };
  }

  private ToolError unknown(String name) {
    var known = tools.keySet().stream().limit(MAX_NAMED).toList();
    return ToolError.of(
        "unknown_tool",
        known.isEmpty()
            ? "There is no tool '%s'. There are no tools.".formatted(name)
            : "There is no tool '%s'. The tools are: %s."
                .formatted(name, String.join(", ", known)));
  }

  private static ToolError invalid(String name, List<String> violations) {
    return new ToolError(
        "invalid_arguments",
        "The arguments do not fit the schema of '%s', so it was not called. Correct the arguments"
                .formatted(name)
            + " and retry.",
        violations);
  }
}
