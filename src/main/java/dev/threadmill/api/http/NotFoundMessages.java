package dev.threadmill.api.http;

import java.util.Set;

/** Says of a URL that does not exist what a caller most likely has to do about it. */
final class NotFoundMessages {
  private static final String VERSION = "/v1";

  /** Resources of the hosted API; those that this server has are found before this is asked. */
  private static final Set<String> HOSTED =
      Set.of(
          "assistants",
          "audio",
          "batches",
          "chat",
          "chatkit",
          "completions",
          "containers",
          "conversations",
          "embeddings",
          "evals",
          "files",
          "fine_tuning",
          "images",
          "models",
          "moderations",
          "organization",
          "realtime",
          "responses",
          "threads",
          "uploads",
          "vector_stores",
          "videos",
          "webhook_endpoints");

  private NotFoundMessages() {}

  /**
   * The message.
   *
   * @param own the first segments below {@code /v1} that this server has
   */
  static String of(String method, String path, Set<String> own) {
    return "Invalid URL (%s %s)".formatted(method, path) + hint(path, own);
  }

  private static String hint(String path, Set<String> own) {
    if (path.equals("/") || path.equals(VERSION) || path.equals(VERSION + "/")) {
      return ". The API is under /v1, such as /v1/assistants; its pages are at /docs, the console at"
          + " /console.";
    }
    if (path.startsWith("/v1/v1/") || path.equals("/v1/v1")) {
      return ". It has /v1 twice: the base URL of a client ends in /v1.";
    }
    var first = segment(path, 1);
    if (first.equals("v1")) {
      var second = segment(path, 2);
      return HOSTED.contains(second) && !own.contains(second)
          ? ". This server does not have /v1/%s; what it has is listed at /docs.".formatted(second)
          : "";
    }
    return HOSTED.contains(first)
        ? ". The API is under /v1: try /v1%s.".formatted(path)
        : ". The API is under /v1; its pages are at /docs.";
  }

  private static String segment(String path, int index) {
    var segments = path.split("/", index + 2);
    return segments.length > index ? segments[index] : "";
  }
}
