package dev.threadmill.tools;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.Json;
import java.util.List;

/**
 * What a model is given in place of a result.
 *
 * @param type what went wrong, as one identifier
 * @param message what went wrong and what the model can do about it
 * @param details one line for each finding; null for none
 */
public record ToolError(
    String type, String message, @JsonInclude(JsonInclude.Include.NON_NULL) List<String> details) {
  private record Envelope(ToolError error) {}

  /** An error without details. */
  public static ToolError of(String type, String message) {
    return new ToolError(type, message, null);
  }

  /** The error of a call of which it is unknown whether it took effect. */
  public static ToolError outcomeUnknown(String message) {
    return of("outcome_unknown", message);
  }

  /** The output of a call that failed with this error: {@code {"error": {…}}}. */
  public static String output(String type, String message) {
    return of(type, message).output();
  }

  /** The output of a call that failed with this error: {@code {"error": {…}}}. */
  public String output() {
    return Json.write(new Envelope(this));
  }
}
