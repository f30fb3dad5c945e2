package dev.threadmill.lab.bench;

/** The pieces of a streamed chat completion, as a provider sends them. */
public final class ChatChunk {
  private static final String HEAD =
      "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1,"
          + "\"model\":\"mock\",\"choices\":[";

  private ChatChunk() {}

  /**
   * A piece of the answer.
   *
   * @param delta what it adds, as a JSON object
   */
  public static String of(String delta) {
    return HEAD + "{\"index\":0,\"delta\":%s,\"finish_reason\":null}]}\n\n".formatted(delta);
  }

  /** All that comes behind the last piece: why it ends, what was used, and that it is over. */
  public static String end(String reason, int tokens) {
    return HEAD
        + "{\"index\":0,\"delta\":{},\"finish_reason\":\"%s\"}]}\n\n".formatted(reason)
        + HEAD
        + "],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n"
            .formatted(tokens, 10 + tokens)
        + "data: [DONE]\n\n";
  }
}
