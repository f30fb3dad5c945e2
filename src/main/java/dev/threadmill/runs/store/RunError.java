package dev.threadmill.runs.store;

import dev.threadmill.models.ModelException;

/**
 * Why a run or a step failed, as clients see it.
 *
 * @param code {@code server_error}, {@code rate_limit_exceeded} or {@code invalid_prompt}
 */
public record RunError(String code, String message) {
  static final String SERVER_ERROR = "server_error";

  private static final String CONTENT_FILTER =
      "The provider refused the answer or cut it off: its content filter applied.";

  private static final String REJECTED =
      "A content filter rejected the answer of the model (content_filter): ";

  /** The content filter of the provider has cut the answer. */
  public static RunError contentFilter() {
    return server(CONTENT_FILTER);
  }

  /**
   * A content filter of this server has rejected the answer.
   *
   * @param reason a sentence that says why
   */
  public static RunError rejected(String reason) {
    return server(REJECTED + reason);
  }

  /** Whether a content filter ended the run. */
  boolean isContentFiltered() {
    return CONTENT_FILTER.equals(message) || message != null && message.startsWith(REJECTED);
  }

  /** The fault is the server's or of something that it depends on. */
  public static RunError server(String message) {
    return new RunError(SERVER_ERROR, message);
  }

  /** What a failed model call means for the run. */
  public static RunError of(ModelException e) {
    var code =
        switch (e.kind()) {
          case RATE_LIMITED -> "rate_limit_exceeded";
          case INVALID_PROMPT -> "invalid_prompt";
          case UNKNOWN_MODEL, PROVIDER_FAILED -> SERVER_ERROR;
        };
    return new RunError(code, e.getMessage());
  }

  /** The same for a step, which has only two codes. */
  public RunError forStep() {
    return code.equals("invalid_prompt") ? server(message) : this;
  }
}
