package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

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
  /** What identifies calls to their provider, and so has to go back in later runs as well. */
  private static final Set<String> OF_CALLS = Set.of("provider", "model", "calls", "message");

  /** What later runs send back: without the reasoning, which providers want only in its own run. */
  public ReasoningState ofEarlierRun() {
    if (!attributes.containsKey("calls") && !attributes.containsKey("message")) {
      return null;
    }
    var kept = new HashMap<>(attributes);
    kept.keySet().retainAll(OF_CALLS);
    return new ReasoningState(by, null, kept);
  }

  public ReasoningState {
    attributes = attributes == null ? Map.of() : Map.copyOf(attributes);
  }
}
