package dev.threadmill.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.schema.ArgumentValidator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tools of one run, by the names that its model knows them by. */
public final class Toolset {
  private static final int MOST_NAMED = 50;

  private final Map<String, Tool> tools = new LinkedHashMap<>();
  private final ArgumentValidator schemas;

  private sealed interface Tool {
    FunctionSpec function();

    record OfClient(FunctionSpec function) implements Tool {}

    record OfAssistant(RoutingTool route) implements Tool {
      @Override
      public FunctionSpec function() {
        return route.function();
      }
    }

    record OfServer(ServerTool server) implements Tool {
      @Override
      public FunctionSpec function() {
        return server.function();
      }
    }
  }

  /** What is to be done with a call. */
  public sealed interface Dispatch {
    /** The client executes it. */
    record ToClient() implements Dispatch {}

    /** The server executes it, with these arguments. */
    record ToServer(ServerTool tool, JsonNode arguments) implements Dispatch {}

    /** Another assistant works on this message, in a run of its own. */
    record ToAssistant(RoutingTool route, String message) implements Dispatch {}

    /** Nobody does: it names no tool, or its arguments are wrong. The model is given the output. */
    record Rejected(String output) implements Dispatch {}
  }

  Toolset(ArgumentValidator schemas) {
    this.schemas = schemas;
  }

  void add(FunctionSpec ofClient) {
    tools.putIfAbsent(ofClient.name(), new Tool.OfClient(ofClient));
  }

  void add(ServerTool tool) {
    tools.putIfAbsent(tool.function().name(), new Tool.OfServer(tool));
  }

  void add(RoutingTool route) {
    tools.putIfAbsent(route.function().name(), new Tool.OfAssistant(route));
  }

  /** What the model is offered. */
  public List<FunctionSpec> functions() {
    return tools.values().stream().map(Tool::function).toList();
  }

  /**
   * Checks a call before anybody executes it.
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
    var violations = schemas.validate(tool.function(), parsed);
    if (!violations.isEmpty()) {
      return new Dispatch.Rejected(invalid(name, violations));
    }
    return switch (tool) {
      case Tool.OfClient _ -> new Dispatch.ToClient();
      case Tool.OfAssistant(var route) ->
          new Dispatch.ToAssistant(route, RoutingTool.message(parsed));
      case Tool.OfServer(var server) -> new Dispatch.ToServer(server, parsed);
    };
  }

  private String unknown(String name) {
    var known = tools.keySet().stream().limit(MOST_NAMED).toList();
    return ToolError.output(
        "unknown_tool",
        known.isEmpty()
            ? "There is no tool '%s', and no other.".formatted(name)
            : "There is no tool '%s'. The tools are: %s."
                .formatted(name, String.join(", ", known)));
  }

  private static String invalid(String name, List<String> violations) {
    return new ToolError(
            "invalid_arguments",
            "The arguments do not fit the schema of '%s', so it was not called. Mend them and call"
                    .formatted(name)
                + " it again.",
            violations)
        .output();
  }
}
