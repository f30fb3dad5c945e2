package dev.threadmill.tools.webhook;

import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.tools.ServerTool;
import jakarta.inject.Singleton;

/** Makes tools of webhooks. */
@Singleton
public class WebhookTools {
  private final CallWebhook callWebhook;

  WebhookTools(CallWebhook callWebhook) {
    this.callWebhook = callWebhook;
  }

  /** The webhook as a tool. */
  public ServerTool of(WebhookSpec spec) {
    return new WebhookTool(spec, callWebhook);
  }
}
