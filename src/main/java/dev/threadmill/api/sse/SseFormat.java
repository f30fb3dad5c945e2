package dev.threadmill.api.sse;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.Json;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * Server-sent events as bytes: an optional id, an optional name and one line of data. All streams
 * of the server are written through here.
 */
public final class SseFormat {
  private static final byte[] DONE = event(null, "done", "[DONE]");
  private static final byte[] KEEP_ALIVE = ": keep-alive\n\n".getBytes(StandardCharsets.UTF_8);

  private SseFormat() {}

  /**
   * One event.
   *
   * @param id null for none
   * @param name null for none, which clients take for {@code message}
   * @param data on one line, as all JSON that the server writes
   */
  public static byte[] event(String id, String name, String data) {
    var frame = new StringBuilder(data.length() + 96);
    if (id != null) {
      frame.append("id: ").append(id).append('\n');
    }
    if (name != null) {
      frame.append("event: ").append(name).append('\n');
    }
    return frame
        .append("data: ")
        .append(data)
        .append("\n\n")
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  /** One event without id and name. */
  public static byte[] data(String data) {
    return event(null, null, data);
  }

  /** The event that ends streams of the Assistants API. */
  public static Buffer done() {
    return Buffer.buffer(DONE);
  }

  /**
   * The event that ends a stream with an error. SDKs of the Assistants API and of chat completions
   * look for {@code error}, those of the Responses API for the fields beside it.
   */
  public static byte[] error(ApiError error) {
    var json =
        Json.MAPPER
            .createObjectNode()
            .put("type", "error")
            .put("code", error.code())
            .put("message", error.message())
            .put("param", error.param());
    json.set("error", Json.MAPPER.valueToTree(error));
    return event(null, "error", json.toString());
  }

  /** A comment, which clients ignore and proxies count as traffic. */
  public static Buffer keepAlive() {
    return Buffer.buffer(KEEP_ALIVE);
  }
}
