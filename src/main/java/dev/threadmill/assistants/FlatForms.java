package dev.threadmill.assistants;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ThreadId;
import java.util.Map;

/** The flat forms of tools, in which the fields of a specification stand beside {@code type}. */
final class FlatForms {
  private FlatForms() {}

  /**
   * The nested form or the flat one, of which one may be null.
   *
   * @throws ApiException 400 if there are both, and they differ
   */
  static <T> T either(String nestedField, String flatField, T nested, T flat) {
    if (nested != null && flat != null && !nested.equals(flat)) {
      throw ApiException.invalid(
          nestedField,
          "Invalid '%1$s': give '%2$s' either in '%1$s' or beside 'type', not both."
              .formatted(nestedField, flatField));
    }
    return nested == null ? flat : nested;
  }

  /**
   * Checks the form in which clients were shown a single target, which names the target twice.
   *
   * @param thread null for none
   * @throws ApiException 400 if this is not the only target of the specification
   */
  static AgentRoutingSpec requireTarget(
      AgentRoutingSpec routing, AssistantId target, ThreadId thread) {
    var only = routing.targets().getFirst();
    if (routing.targets().size() > 1
        || !target.equals(only.assistantId())
        || thread != null && !thread.equals(only.threadId())) {
      throw ApiException.invalid(
          "target_assistant_id",
          "Invalid 'target_assistant_id': it is not the only target in 'agent_routing'.");
    }
    return routing;
  }

  /** The fields of an MCP server. */
  static Map<String, Object> of(McpSpec mcp) {
    return Json.MAPPER.convertValue(mcp, new TypeReference<Map<String, Object>>() {});
  }

  /** The only target, if it is an assistant of this server; otherwise empty. */
  static Map<String, Object> of(AgentRoutingSpec routing) {
    var target = routing.targets().getFirst();
    if (routing.targets().size() > 1 || target.isRemote()) {
      return Map.of();
    }
    return target.threadId() == null
        ? Map.of("target_assistant_id", target.assistantId().value())
        : Map.of(
            "target_assistant_id",
            target.assistantId().value(),
            "thread_id",
            target.threadId().value());
  }
}
