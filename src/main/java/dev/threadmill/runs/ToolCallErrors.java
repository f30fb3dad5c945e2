package dev.threadmill.runs;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;

/** Errors about tool calls and their outputs. Clients recognize them by their texts. */
public final class ToolCallErrors {
  private ToolCallErrors() {}

  /** 400: an output of a call that does not exist. */
  public static ApiException noCall(String call) {
    return error("No tool call found for function call output with call_id %s.".formatted(call));
  }

  /** 400: a call is left without an output. */
  public static ApiException noOutput(String call) {
    return error("No tool output found for function call %s.".formatted(call));
  }

  private static ApiException error(String message) {
    return new ApiException(400, new ApiError(message, ApiError.INVALID_REQUEST, "input", null));
  }
}
