package dev.threadmill.lab.provider;

/** The chunks of a streamed chat completion as a provider sends them. */
public final class ChatChunk {
  private static final String HEAD =
      "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1,"
          + "\"model\":\"mock\",\"choices\":[";

  private ChatChunk() {}

  /**
   * A chunk with a delta.
   *
   * @param delta the delta as a JSON object
   */
  public static String of(String delta) {
    return HEAD + "{\"index\":0,\"delta\":%s,\"finish_reason\":null}]}\n\n".formatted(delta);
  }

  /** The chunks after the last delta: finish reason, usage and {@code [DONE]}. */
  public static String end(String reason, int tokens) {
    return HEAD
        + "{\"index\":0,\"delta\":{},\"finish_reason\":\"%s\"}]}\n\n".formatted(reason)
        + HEAD
        + "],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n"
            .formatted(tokens, 10 + tokens)
        + "data: [DONE]\n\n";
  }
}
