package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.models.FunctionSpec;

/**
 * Another assistant as a tool: the engine starts a run of it for each call. An agent of another
 * server is a {@link ServerTool}.
 *
 * @param continuesThread whether the assistant continues the thread that it last worked in for the
 *     caller
 * @param name of the assistant, for people and models
 */
public record RoutingTool(
    FunctionSpec function,
    AgentRoutingSpec.Target target,
    AgentRoutingSpec.Mode mode,
    boolean continuesThread,
    String name)
    implements Tool {
  private static final String MESSAGE = "message";

  /** The schema of the arguments: an object with the string {@code message}. */
  public static JsonNode parameters() {
    ObjectNode schema =
        Json.MAPPER.createObjectNode().put("type", "object").put("additionalProperties", false);
    schema
        .putObject("properties")
        .putObject(MESSAGE)
        .put("type", "string")
        .put("description", "All that the assistant has to know.");
    schema.putArray("required").add(MESSAGE);
    return schema;
  }

  /** The message in valid arguments. */
  public static String message(JsonNode arguments) {
    return StorableText.of(arguments.path(MESSAGE).asText());
  }

  /** The message in these arguments, which have been validated. */
  public static String messageOf(String arguments) {
    return message(Json.read(arguments, JsonNode.class));
  }
}
