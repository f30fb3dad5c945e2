package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;

/**
 * What a model thought before it called tools, in the form in which its provider wants it back with
 * their results. It goes to nobody else.
 *
 * @param by the type of the provider that it comes from, and that alone it is sent to
 * @param text null if there is none that can be read
 * @param attributes what else the provider wants back, such as its signature
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ReasoningState(String by, String text, Map<String, Object> attributes) {
  public ReasoningState {
    attributes = attributes == null ? Map.of() : Map.copyOf(attributes);
  }
}
