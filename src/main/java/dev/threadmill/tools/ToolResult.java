package dev.threadmill.tools;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;

/**
 * The outcome of a call that the server executed. It is the one type for this from the HTTP
 * response to the run engine.
 */
public sealed interface ToolResult {
  /**
   * The call succeeded.
   *
   * @param text what the model is given
   * @param details parts of the result that are not text, for clients
   * @param citations where the result comes from
   */
  record Succeeded(String text, List<Detail> details, List<Citation> citations)
      implements ToolResult {
    public Succeeded {
      details = List.copyOf(details);
      citations = List.copyOf(citations);
    }
  }

  /** The call failed; the model is given the error. */
  record Failed(ToolError error) implements ToolResult {}

  /**
   * It is unknown whether the call took effect. The tool's {@link ServerTool#onUnknown} says
   * whether a person decides or the model is given the error.
   */
  record OutcomeUnknown(ToolError error) implements ToolResult {}

  /**
   * A part of a result that is not text.
   *
   * @param type {@code image}, {@code audio}, {@code file} or {@code data}
   * @param mimeType null if it is unknown
   * @param data base64 of an image, an audio or a file; any JSON for data
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Detail(String type, String mimeType, JsonNode data) {
    /** An image, an audio or a file, in base64. */
    public static Detail media(String type, String mimeType, String base64) {
      return new Detail(type, mimeType.isEmpty() ? null : mimeType, TextNode.valueOf(base64));
    }

    /** A structured result. */
    public static Detail data(JsonNode data) {
      return new Detail("data", null, data);
    }
  }

  /**
   * A source that a result names.
   *
   * @param title null if it has none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Citation(String uri, String title) {}

  /** A result that is text only. */
  static ToolResult text(String text) {
    return new Succeeded(text, List.of(), List.of());
  }

  /** A failure with this error. */
  static ToolResult failed(String type, String message) {
    return new Failed(ToolError.of(type, message));
  }

  /** A call of which it is unknown whether it took effect. */
  static ToolResult outcomeUnknown(String message) {
    return new OutcomeUnknown(ToolError.outcomeUnknown(message));
  }
}
