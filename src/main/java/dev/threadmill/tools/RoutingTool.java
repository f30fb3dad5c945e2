package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.models.FunctionSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Another assistant as a tool: the engine starts a run of it for each call. An agent that is to be
 * reached in another way is a {@link ServerTool}.
 *
 * @param name what the assistant is called in what people and models read
 * @param continuesThread whether it goes on in the thread that it last worked in for the caller
 */
public record RoutingTool(
    FunctionSpec function,
    AgentRoutingSpec.Target target,
    AgentRoutingSpec.Mode mode,
    boolean continuesThread,
    String name) {
  private static final String MESSAGE = "message";
  public static final JsonNode PARAMETERS =
      Json.MAPPER
          .createObjectNode()
          .put("type", "object")
          .put("additionalProperties", false)
          .<com.fasterxml.jackson.databind.node.ObjectNode>set(
              "properties",
              Json.MAPPER
                  .createObjectNode()
                  .set(
                      MESSAGE,
                      Json.MAPPER
                          .createObjectNode()
                          .put("type", "string")
                          .put("description", "All that the assistant has to know.")))
          .set("required", Json.MAPPER.createArrayNode().add(MESSAGE));

  /** A tool for each assistant, in their order. Targets that were never looked up have none. */
  static List<RoutingTool> of(AgentRoutingSpec spec) {
    var tools = new ArrayList<RoutingTool>();
    for (int i = 0; spec.names() != null && i < spec.targets().size(); i++) {
      var target = spec.targets().get(i);
      if (target.isRemote()) {
        continue;
      }
      var names = spec.names().get(i);
      var name = names.name() == null ? target.assistantId().value() : names.name();
      tools.add(
          new RoutingTool(
              new FunctionSpec(
                  names.function(),
                  description(spec.mode(), name, names.description()),
                  PARAMETERS,
                  null),
              target,
              spec.mode(),
              spec.continuesThreads(),
              name));
    }
    return tools;
  }

  /** What the target is told. */
  public static String message(JsonNode arguments) {
    return StorableText.of(arguments.path(MESSAGE).asText());
  }

  /** What a target is told by a call with these arguments, which have been checked. */
  public static String messageOf(String arguments) {
    return message(Json.read(arguments, JsonNode.class));
  }

  private static String description(AgentRoutingSpec.Mode mode, String name, String about) {
    var does =
        switch (mode) {
          case DELEGATE -> "Gives a message to the assistant '%s' and returns its answer.";
          case HANDOFF ->
              "Hands the conversation over to the assistant '%s', which answers the user from then"
                  + " on. Call it alone.";
        };
    return (does + " The assistant reads nothing but the message.").formatted(name)
        + (about == null ? "" : " What it is for: " + about);
  }
}
