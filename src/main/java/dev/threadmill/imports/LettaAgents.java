package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads agent files of Letta ({@code .af}), in the form with lists of agents, blocks and tools and
 * in the earlier form of one agent. An agent becomes an assistant and a thread. Its memory blocks,
 * which Letta shows to the model in every call, become part of the instructions.
 */
final class LettaAgents {
  private static final int MAX_AGENTS = 200;

  /** Instructions that are longer are refused when the assistant is written. */
  private static final int MAX_INSTRUCTIONS = 300_000;

  private LettaAgents() {}

  static boolean isAgentFile(ObjectNode object) {
    return object.path("agents").isArray() && object.path("blocks").isArray()
        || object.has("agent_type") && object.path("messages").isArray();
  }

  /** The objects that agents become, in the shapes of the API. */
  static List<ObjectNode> objectsOf(ObjectNode file) {
    var objects = new ArrayList<ObjectNode>();
    var tools = byId(file.path("tools"));
    var blocks = byId(file.path("blocks"));
    var agents = file.path("agents").isArray() ? file.path("agents") : List.of(file);
    int number = 0;
    for (Object each : (Iterable<?>) agents) {
      if (each instanceof ObjectNode agent && number < MAX_AGENTS) {
        addAgent(objects, agent, "agent-" + number++, tools, blocks);
      }
    }
    for (var each : file.path("files")) {
      if (each.path("content").isTextual()) {
        objects.add(file(each));
      }
    }
    return objects;
  }

  private static Map<String, JsonNode> byId(JsonNode list) {
    var byId = new HashMap<String, JsonNode>();
    list.forEach(each -> byId.put(each.path("id").asText(), each));
    return byId;
  }

  private static ObjectNode file(JsonNode file) {
    var name = file.path("original_file_name").asText(file.path("file_name").asText("file.txt"));
    return Json.MAPPER
        .createObjectNode()
        .put("object", "file")
        .put("id", file.path("id").asText())
        .put("filename", name)
        .put("purpose", "assistants")
        .put("text", file.path("content").asText());
  }

  private static void addAgent(
      List<ObjectNode> objects,
      ObjectNode agent,
      String defaultId,
      Map<String, JsonNode> tools,
      Map<String, JsonNode> blocks) {
    var id = agent.path("id").asText(defaultId);
    var created = agent.path("created_at");
    var assistant = Json.MAPPER.createObjectNode();
    assistant.put("object", "assistant").put("id", id).set("created_at", created);
    assistant.put(
        "model", agent.path("llm_config").path("model").asText(agent.path("model").asText("")));
    assistant.set("name", agent.path("name"));
    assistant.set("description", agent.path("description"));
    assistant.put("instructions", instructions(agent, blocks));
    assistant.set("tools", tools(agent, tools));
    assistant.putObject("metadata").put("letta_agent", id);
    objects.add(assistant);
    var thread = Json.MAPPER.createObjectNode();
    thread.put("object", "thread").put("id", id).set("created_at", created);
    thread.put("assistant_id", id).putObject("metadata").put("letta_agent", id);
    objects.add(thread);
    int number = 0;
    for (var message : agent.path("messages")) {
      number++;
      var role = message.path("role").asText();
      var text = text(message);
      if ((role.equals("user") || role.equals("assistant")) && !text.isBlank()) {
        var object = Json.MAPPER.createObjectNode().put("object", "thread.message");
        object.put("id", message.path("id").asText("#" + number)).put("thread_id", id);
        object.put("role", role).put("content", text).set("created_at", message.path("created_at"));
        objects.add(object);
      }
    }
  }

  private static String instructions(ObjectNode agent, Map<String, JsonNode> blocks) {
    var text = new StringBuilder(agent.path("system").asText(""));
    var own = new ArrayList<JsonNode>();
    agent.path("block_ids").forEach(id -> own.add(blocks.get(id.asText())));
    agent.path("core_memory").forEach(own::add);
    for (var block : own) {
      boolean isUsed = block != null && !block.path("value").asText("").isBlank();
      if (isUsed && text.length() <= MAX_INSTRUCTIONS) {
        text.append("\n\n# ")
            .append(block.path("label").asText("memory"))
            .append("\n\n")
            .append(block.path("value").asText());
      }
    }
    // A file may name one block many times.
    return text.substring(0, Math.min(text.length(), MAX_INSTRUCTIONS)).strip();
  }

  /** The agent's own tools as functions. Those of Letta itself work on its memory. */
  private static JsonNode tools(ObjectNode agent, Map<String, JsonNode> known) {
    var own = new ArrayList<JsonNode>();
    agent.path("tool_ids").forEach(id -> own.add(known.get(id.asText())));
    agent.path("tools").forEach(own::add);
    var functions = Json.MAPPER.createArrayNode();
    for (var tool : own) {
      boolean isCustom = tool != null && !tool.path("tool_type").asText().startsWith("letta_");
      if (isCustom && tool.path("json_schema").isObject()) {
        var schema = tool.path("json_schema");
        var function = functions.addObject().put("type", "function").putObject("function");
        function.set("name", schema.path("name"));
        function.set("description", schema.path("description"));
        function.set("parameters", schema.path("parameters"));
      }
    }
    return functions;
  }

  /** The text of a message. Messages of users are wrapped in JSON that names their kind. */
  private static String text(JsonNode message) {
    var content = message.path("content");
    var text = new StringBuilder(content.isTextual() ? content.textValue() : "");
    content.forEach(part -> text.append(part.path("text").asText("")));
    if (text.indexOf("{") == 0) {
      try {
        var wrapped =
            JsonBody.read(text.toString().getBytes(StandardCharsets.UTF_8), JsonNode.class);
        return switch (wrapped.path("type").asText()) {
          case "user_message" -> wrapped.path("message").asText("");
          case "heartbeat", "login", "system_alert" -> "";
          default -> text.toString();
        };
      } catch (ApiException e) {
        // It is a text that begins with a brace.
      }
    }
    return text.toString();
  }
}
