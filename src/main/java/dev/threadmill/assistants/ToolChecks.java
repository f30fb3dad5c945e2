package dev.threadmill.assistants;

import dev.threadmill.api.ApiException;
import java.util.List;

/** Checks tools that a client sends as far as it takes more than one field of them. */
final class ToolChecks {
  private ToolChecks() {}

  /**
   * Checks that the tools can be used as they are defined.
   *
   * @param tools null for none
   * @throws ApiException 400 that names the field
   */
  static void require(List<ToolSpec> tools) {
    for (int i = 0; tools != null && i < tools.size(); i++) {
      var param = "tools[%d].".formatted(i);
      switch (tools.get(i)) {
        case ToolSpec.Function(var function) ->
            SchemaLimits.require(param + "function.parameters", function.parameters());
        case ToolSpec.Webhook(var webhook) -> require(param + "webhook", webhook);
        case ToolSpec.OpenApi(var openapi) -> require(param + "openapi", openapi);
        case ToolSpec.CodeInterpreter _,
            ToolSpec.FileSearch _,
            ToolSpec.Mcp _,
            ToolSpec.AgentRouting _,
            WebSearchSpec _ -> {}
      }
    }
  }

  private static void require(String param, WebhookSpec webhook) {
    SchemaLimits.require(param + ".parameters", webhook.parameters());
    WebhookChecks.require(param, webhook);
  }

  private static void require(String param, OpenApiSpec openapi) {
    var field = param + ".spec";
    List<WebhookSpec> webhooks;
    try {
      webhooks = openapi.webhooks();
    } catch (ApiException e) {
      throw ApiException.invalid(field, "Invalid '%s': %s".formatted(field, e.error().message()));
    }
    if (webhooks.isEmpty() || webhooks.size() > ToolSpec.MAX_PER_ASSISTANT) {
      throw ApiException.invalid(
          field,
          "Invalid '%s': expected 1 to %d operations that a tool can call, got %d."
              .formatted(field, ToolSpec.MAX_PER_ASSISTANT, webhooks.size()));
    }
    webhooks.forEach(webhook -> require(field, webhook));
  }
}
