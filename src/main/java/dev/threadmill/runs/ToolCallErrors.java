package dev.threadmill.runs;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;

/** Errors about tool calls and their outputs. Clients recognize them by their texts. */
public final class ToolCallErrors {
  private static final int LONGEST_ID = 80;

  private ToolCallErrors() {}

  /** 400: an output of a call that does not exist. */
  public static ApiException noCall(String call) {
    return error(
        "No tool call found for function call output with call_id %s.".formatted(clip(call)));
  }

  /** 400: a call is left without an output. */
  public static ApiException noOutput(String call) {
    return error("No tool output found for function call %s.".formatted(clip(call)));
  }

  private static String clip(String id) {
    return id.length() <= LONGEST_ID ? id : id.substring(0, LONGEST_ID) + "…";
  }

  private static ApiException error(String message) {
    return new ApiException(400, new ApiError(message, ApiError.INVALID_REQUEST, "input", null));
  }
}
