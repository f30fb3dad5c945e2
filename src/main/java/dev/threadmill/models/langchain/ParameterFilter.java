package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Leaves out the parameters that a model refused before, wherever its provider has them. */
record ParameterFilter(
    Dialect dialect, ModelRequest request, ModelInfo info, ModelFacts facts, Set<String> sent)
    implements WireFilter {
  private static final List<String> PLACES = List.of("", "/generationConfig", "/options");

  /** Our names of parameters by those of the providers. */
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("topP", "top_p"),
          Map.entry("stop_sequences", "stop"),
          Map.entry("stopSequences", "stop"),
          Map.entry("frequencyPenalty", "frequency_penalty"),
          Map.entry("presencePenalty", "presence_penalty"),
          Map.entry("thinkingConfig", "reasoning_effort"),
          Map.entry("think", "reasoning_effort"),
          Map.entry("format", "response_format"),
          Map.entry("responseMimeType", "response_format"),
          Map.entry("responseSchema", "response_format"),
          Map.entry("responseJsonSchema", "response_format"));

  @Override
  public void onRequest(ObjectNode body) {
    dialect.onRequest(body, request, info, facts);
    for (var place : PLACES) {
      if (body.at(place) instanceof ObjectNode object) {
        for (var field : List.copyOf(object.properties())) {
          var name = NAMES.getOrDefault(field.getKey(), field.getKey());
          if (facts.supports(name)) {
            sent.add(name);
          } else {
            object.remove(field.getKey());
          }
        }
      }
    }
  }

  @Override
  public List<ObjectNode> onEvent(ObjectNode event, Received received) {
    return dialect.onEvent(event, received);
  }

  @Override
  public List<ObjectNode> eventsOf(JsonNode whole) {
    return dialect.eventsOf(whole);
  }

  @Override
  public boolean streamsJson() {
    return dialect.streamsJson();
  }
}
