package dev.threadmill.protocols.responses.items;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;

/** Errors whose texts and codes clients of the Responses API know. */
public final class ItemErrors {
  private static final int LONGEST_ID = 80;

  private ItemErrors() {}

  /** 404. */
  public static ApiException noConversation(String id) {
    return notFound("Conversation with id '%s' not found.".formatted(clip(id)));
  }

  /** 404. */
  public static ApiException noResponse(String id) {
    return notFound("Response with id '%s' not found.".formatted(clip(id)));
  }

  /** 404. */
  public static ApiException noItem(String id) {
    return notFound("Item with id '%s' not found.".formatted(clip(id)));
  }

  /** 400 for a response to continue that does not exist, or was not stored. */
  public static ApiException noPrevious(String id) {
    return ApiException.invalid(
        "previous_response_id",
        "previous_response_not_found",
        "Previous response with id '%s' not found.".formatted(clip(id)));
  }

  /** 400 while another run is active on a conversation. Clients retry it. */
  public static ApiException locked() {
    return ApiException.invalid(
        "conversation",
        "conversation_locked",
        "Another process is currently operating on this conversation. Please retry in a few"
            + " seconds.");
  }

  /** 400: an output of a call that does not exist. */
  public static ApiException noCall(String call) {
    return input(
        "No tool call found for function call output with call_id %s.".formatted(clip(call)));
  }

  /** 400: a call is left without an output. */
  public static ApiException noOutput(String call) {
    return input("No tool output found for function call %s.".formatted(clip(call)));
  }

  private static ApiException input(String message) {
    return new ApiException(400, new ApiError(message, ApiError.INVALID_REQUEST, "input", null));
  }

  private static ApiException notFound(String message) {
    return new ApiException(404, new ApiError(message, ApiError.INVALID_REQUEST, null, null));
  }

  private static String clip(String id) {
    return id.length() <= LONGEST_ID ? id : id.substring(0, LONGEST_ID) + "…";
  }
}
