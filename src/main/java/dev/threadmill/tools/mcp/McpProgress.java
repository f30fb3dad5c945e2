package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.tools.ToolListener;

/**
 * Passes the progress notifications of a call on as lines of text. One that is behind what was
 * reported already is left out.
 */
final class McpProgress implements McpSession.NotificationListener {
  /** Ignores all notifications. */
  static final McpSession.NotificationListener NONE = (_, _) -> {};

  private static final String PROGRESS = "notifications/progress";

  private final ToolListener listener;
  private double furthest = Double.NEGATIVE_INFINITY;

  McpProgress(ToolListener listener) {
    this.listener = listener;
  }

  @Override
  public void onNotification(String method, JsonNode params) {
    if (!method.equals(PROGRESS) || !params.path("progress").isNumber()) {
      return;
    }
    double progress = params.path("progress").asDouble();
    if (progress > furthest) {
      furthest = progress;
      listener.onProgress(line(progress, params));
    }
  }

  /** In the server's words, or as numbers. */
  private static String line(double progress, JsonNode params) {
    var message = params.path("message").isTextual() ? params.path("message").asText() : "";
    if (!message.isBlank()) {
      return StorableText.of(message.strip()) + "\n";
    }
    return params.path("total").isNumber()
        ? "%s of %s\n".formatted(progress, params.path("total").asDouble())
        : "%s\n".formatted(progress);
  }
}
