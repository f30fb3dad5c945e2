package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a provider needs back of a response with tool calls: its reasoning, signatures, the ids and
 * other marks of the calls. It is sent to no other provider.
 *
 * @param by the type of the provider
 * @param text the reasoning; null if there is none in plain text
 * @param attributes everything else, in the terms of the provider's adapter
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ReasoningState(String by, String text, Map<String, Object> attributes) {
  /** The attribute with the id of a spoken answer. */
  public static final String SPOKEN = "spoken";

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
