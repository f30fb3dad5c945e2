package dev.threadmill.tools.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;

/** A tool that is executed by calling an address. */
record WebhookTool(WebhookSpec spec, CallWebhook callWebhook) implements ServerTool {
  @Override
  public FunctionSpec function() {
    return spec.function();
  }

  @Override
  public WebhookSpec.OnUnknown onUnknown() {
    return spec.onUnknown() == null ? WebhookSpec.OnUnknown.RETRY : spec.onUnknown();
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    return callWebhook.call(this, context, arguments);
  }
}
