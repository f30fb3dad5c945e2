package dev.threadmill.tools;

import dev.threadmill.api.Json;
import java.util.List;

/**
 * What a model is given instead of a result.
 *
 * @param type what went wrong, in one word
 * @param message what a model can do about it
 * @param details more of it, null for none
 */
public record ToolError(String type, String message, List<String> details) {
  private record Wire(ToolErrorObject error) {}

  private record ToolErrorObject(
      String type,
      String message,
      @com.fasterxml.jackson.annotation.JsonInclude(
              com.fasterxml.jackson.annotation.JsonInclude.Include.NON_NULL)
          List<String> details) {}

  /** The output of a call that went wrong. */
  public static String output(String type, String message) {
    return new ToolError(type, message, null).output();
  }

  /** The output of a call that went wrong. */
  public String output() {
    return Json.write(new Wire(new ToolErrorObject(type, message, details)));
  }
}
