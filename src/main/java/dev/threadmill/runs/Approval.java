package dev.threadmill.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.tools.ToolError;
import java.util.Locale;

/** What a client says about a call that it has to allow. */
sealed interface Approval {
  /** The server may make the call. */
  record Given() implements Approval {}

  /**
   * It may not.
   *
   * @param output what the model is given instead of a result
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
      var said = Json.MAPPER.readTree(output);
      if (said.path("approve").isBoolean()) {
        return said.path("approve").asBoolean()
            ? new Given()
            : denied(said.path("reason").asText(""));
      }
    } catch (JsonProcessingException e) {
      // Refused below.
    }
    throw ApiException.invalid(
        "tool_outputs",
        "Invalid 'tool_outputs': the call waits to be allowed; expected 'approve', 'deny', or"
            + " {\"approve\": true}.");
  }

  private static Denied denied(String reason) {
    return new Denied(
        ToolError.output(
            "not_approved", "The call was not allowed" + (reason.isBlank() ? "." : ": " + reason)));
  }
}
