package dev.threadmill.guard;

import static dev.threadmill.guard.MarkerFilter.FORBIDDEN;
import static dev.threadmill.guard.MarkerFilter.REPLACED;
import static dev.threadmill.guard.MarkerFilter.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.projects.Projects;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions and reasoning states pass the filters as wholes that must stay consistent. */
class StructuredContentTest {
  private static final ContentSource SOURCE = ContentSource.tool(Projects.DEFAULT, null, null);

  private final ContentGate gate = new ContentGate(List.of(new MarkerFilter()));

  private static FunctionSpec function(String description, String parameters) {
    return new FunctionSpec("f", description, Json.tree(parameters), null);
  }

  @Test
  void theDescriptionsOfAFunctionAreChanged() {
    var passed =
        gate.apply(
            SOURCE,
            function(
                "Does " + SECRET,
                """
                {"type": "object", "properties": {"a": {"type": "string", "description": "Is %s",
                  "enum": ["x", "y"]}}}"""
                    .formatted(SECRET)));

    assertThat(passed.description()).isEqualTo("Does " + REPLACED);
    assertThat(passed.parameters().at("/properties/a/description").asText())
        .isEqualTo("Is " + REPLACED);
    assertThat(passed.parameters().at("/properties/a/enum/1").asText()).isEqualTo("y");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"object\", \"properties\": {\"⟦secret⟧\": {\"type\": \"string\"}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"enum\": [\"⟦secret⟧\"]}}}",
        "{\"type\": \"object\", \"description\": \"⟦forbidden⟧\"}",
      })
  void aFunctionThatCannotPassIsRejected(String parameters) {
    assertThatThrownBy(() -> gate.apply(SOURCE, function("Does it.", parameters)))
        .isInstanceOf(ContentRejectedException.class);
  }

  @Test
  void aStateThatAFilterWouldChangeIsReducedToWhatIdentifiesTheCalls() {
    Map<String, Object> attributes =
        Map.of("calls", List.of(Map.of("id", "call_1")), "signature", "c2lnbmVk");
    var state = new ReasoningState("openai", "Because of " + SECRET, attributes);

    var passed = gate.apply(SOURCE, state);

    assertThat(passed.text()).isNull();
    assertThat(passed.attributes()).containsOnlyKeys("calls");
    assertThat(gate.apply(SOURCE, new ReasoningState("openai", "Because.", attributes)))
        .isEqualTo(new ReasoningState("openai", "Because.", attributes));
  }

  @Test
  void aStateWithoutCallsIsDroppedAndARejectedOneEndsTheAnswer() {
    assertThat(gate.apply(SOURCE, new ReasoningState("openai", SECRET, Map.of()))).isNull();
    assertThatThrownBy(() -> gate.apply(SOURCE, new ReasoningState("openai", FORBIDDEN, Map.of())))
        .isInstanceOf(ContentRejectedException.class);
  }
}
