package dev.threadmill.runs;

import dev.threadmill.models.ModelException;

/**
 * Why a run or a step failed, as clients see it.
 *
 * @param code {@code server_error}, {@code rate_limit_exceeded} or {@code invalid_prompt}
 */
record RunError(String code, String message) {
  static final String SERVER_ERROR = "server_error";

  static RunError server(String message) {
    return new RunError(SERVER_ERROR, message);
  }

  static RunError of(ModelException e) {
    var code =
        switch (e.kind()) {
          case RATE_LIMITED -> "rate_limit_exceeded";
          case INVALID_PROMPT -> "invalid_prompt";
          case UNKNOWN_MODEL, PROVIDER_FAILED -> SERVER_ERROR;
        };
    return new RunError(code, e.getMessage());
  }

  /** The same for a step, which knows only two codes. */
  RunError forStep() {
    return code.equals("invalid_prompt") ? server(message) : this;
  }
}
