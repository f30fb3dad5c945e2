package dev.threadmill.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.tools.ToolError;
import java.util.Locale;

/** The decision of a client about a call that needs its approval. */
sealed interface Approval {
  /** The server may execute the call. */
  record Given() implements Approval {}

  /**
   * The server may not execute the call.
   *
   * @param output what the model receives in place of a result
   */
  record Denied(String output) implements Approval {}

  /**
   * Reads {@code approve}, {@code deny}, or an object with {@code approve} and perhaps {@code
   * reason}.
   *
   * @throws ApiException 400 if it is none of these
   */
  static Approval of(String output) {
    var word = output.strip().toLowerCase(Locale.ROOT);
    if (word.equals("approve")) {
      return new Given();
    }
    if (word.equals("deny")) {
      return denied("");
    }
    try {
      var decision = Json.MAPPER.readTree(output);
      if (decision.path("approve").isBoolean()) {
        return decision.path("approve").asBoolean()
            ? new Given()
            : denied(decision.path("reason").asText(""));
      }
    } catch (JsonProcessingException e) {
      // Refused below.
    }
    throw ApiException.invalid(
        "tool_outputs",
        "Invalid 'tool_outputs': the call waits for approval; expected 'approve', 'deny', or"
            + " {\"approve\": true}.");
  }

  private static Denied denied(String reason) {
    return new Denied(
        ToolError.output(
            "not_approved",
            "The call was not approved" + (reason.isBlank() ? "." : ": " + reason)));
  }
}
