package dev.threadmill.api;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** Server-sent events as bytes: an id, a name and one line of data. */
public final class SseFormat {
  private static final byte[] DONE =
      "event: done\ndata: [DONE]\n\n".getBytes(StandardCharsets.UTF_8);
  private static final byte[] KEEP_ALIVE = ": keep-alive\n\n".getBytes(StandardCharsets.UTF_8);

  private SseFormat() {}

  /**
   * One event.
   *
   * @param id null for none
   * @param json must be on one line, as every JSON text of ours is
   */
  public static byte[] event(String id, String name, String json) {
    var frame = new StringBuilder(json.length() + 96);
    if (id != null) {
      frame.append("id: ").append(id).append('\n');
    }
    return frame
        .append("event: ")
        .append(name)
        .append("\ndata: ")
        .append(json)
        .append("\n\n")
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The frame that closes every stream. */
  public static Buffer done() {
    return Buffer.buffer(DONE);
  }

  /** A comment, which clients ignore and proxies take for life. */
  public static Buffer keepAlive() {
    return Buffer.buffer(KEEP_ALIVE);
  }
}
