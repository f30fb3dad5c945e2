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

  /** The content filter of the provider has cut the answer. */
  public static RunError contentFilter() {
    return server(CONTENT_FILTER);
  }

  /** Whether this is {@link #contentFilter}. */
  boolean isContentFiltered() {
    return CONTENT_FILTER.equals(message);
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
