package dev.threadmill.tools.webhook;

import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolScope;
import jakarta.inject.Singleton;
import java.util.List;

/** Functions that the server executes by calling an address. */
@Singleton
class WebhookToolProvider implements ToolProvider<ToolSpec.Webhook> {
  private final CallWebhook callWebhook;

  WebhookToolProvider(CallWebhook callWebhook) {
    this.callWebhook = callWebhook;
  }

  @Override
  public Class<ToolSpec.Webhook> spec() {
    return ToolSpec.Webhook.class;
  }

  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.Webhook spec) {
    return ToolOffer.of(List.of(new WebhookTool(spec.webhook(), callWebhook)));
  }

  @Override
  public boolean offers(ToolSpec.Webhook spec, String functionName) {
    return spec.webhook().name().equals(functionName);
  }
}
