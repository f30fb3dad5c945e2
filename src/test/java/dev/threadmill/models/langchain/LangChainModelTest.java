package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Json;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.testing.FakeProvider;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to Anthropic, Gemini and Ollama, and their responses. */
class LangChainModelTest extends LangChainModelFixture {
  private static final ModelMessage RESULT = new ModelMessage.ToolResult("toolu_1", "sunny");

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void streamsText(String model) throws InterruptedException {
    provider.reply(says(model, "Hello ", "world"));

    var answer = ask(model, user("Hi"));

    assertThat(answer.text()).isEqualTo("Hello world");
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.STOP);
    assertThat(answer.usage()).isEqualTo(new Usage(11, 7));
    assertThat(deltas).containsExactly(new ModelDelta.Text("Hello "), new ModelDelta.Text("world"));
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void callsTools(String model) throws InterruptedException {
    provider.reply(calls(model));

    var answer = ask(model, user("Hi"));

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(answer.toolCalls()).hasSize(1);
    assertThat(answer.toolCalls().getFirst().name()).isEqualTo("get_weather");
    assertThat(Json.tree(answer.toolCalls().getFirst().arguments()))
        .isEqualTo(Json.tree("{\"city\": \"Rome\"}"));
    assertThat(deltas).first().isEqualTo(new ModelDelta.ToolCallStarted(0, "get_weather"));
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void sendsToolsPicturesAndResults(String model) throws InterruptedException {
    provider.reply(says(model, "ok"));

    ask(
        model,
        new ModelMessage.System("Be brief."),
        new ModelMessage.User(
            List.of(
                new ModelPart.Text("Look"),
                new ModelPart.Image("data:image/png;base64,AAAA", null))),
        new ModelMessage.Assistant(
            null, List.of(new ModelToolCall("call_1", "get_weather", "{\"city\":\"Rome\"}"))),
        new ModelMessage.ToolResult("call_1", "sunny"));

    var sent = provider.lastRequest().body().toString();
    assertThat(sent)
        .contains("Be brief.", "Look", "AAAA", "get_weather", "Rome", "sunny", "Where", "city");
  }

  @Test
  void speaksToEachProviderAtItsPathWithItsKeyAndSpelling() throws InterruptedException {
    for (var model : List.of(CLAUDE, GEMINI, OLLAMA)) {
      provider.reply(says(model, "ok"));
      ask(model, user("Hi"));
    }

    var requests = provider.requests();
    assertThat(requests.get(0).path()).endsWith("/messages");
    assertThat(requests.get(0).headers()).containsEntry("x-api-key", "sk-anthropic");
    assertThat(requests.get(0).body().path("model").asText())
        .isEqualTo("claude-sonnet-4-5-20250929");
    assertThat(requests.get(0).body().path("max_tokens").asInt()).isEqualTo(16_384);
    assertThat(requests.get(1).path()).endsWith("gemini-2.5-flash:streamGenerateContent");
    assertThat(requests.get(2).path()).endsWith("/api/chat");
    assertThat(requests.get(2).body().path("model").asText()).isEqualTo("llama3.2");
  }

  @ParameterizedTest
  @ValueSource(strings = {GEMINI, OLLAMA})
  void picturesThatTheLibraryWouldFetchFromHereAreRefused(String model) {
    var picture =
        new ModelMessage.User(
            List.of(new ModelPart.Image("http://127.0.0.1:1/internal.png", null)));

    assertThatThrownBy(() -> ask(model, picture))
        .isInstanceOfSatisfying(
            ModelException.class,
            e -> assertThat(e.kind()).isEqualTo(ModelException.Kind.INVALID_PROMPT));
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void tellsTheReasoningOfClaude() throws InterruptedException {
    provider.reply(
        claude(
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}}",
            "{\"type\":\"content_block_stop\",\"index\":0}"));

    assertThat(ask(CLAUDE, user("Hi")).reasoning()).isEqualTo("Hm.");
  }

  @Test
  void whatClaudeThoughtGoesBackToItWithTheResultsOfItsCalls() throws InterruptedException {
    // Given
    provider.reply(
        claude(
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"I have to look.\"}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"s1gned\"}}",
            "{\"type\":\"content_block_stop\",\"index\":0}",
            "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"r3dacted\"}}",
            "{\"type\":\"content_block_stop\",\"index\":1}",
            "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{}}}",
            "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}",
            "{\"type\":\"content_block_stop\",\"index\":2}"),
        says(CLAUDE, "ok"),
        says(CLAUDE, "ok"));

    // When
    var answer = ask(CLAUDE, "high", ToolChoice.AUTO, user("Hi"));
    ask(CLAUDE, "high", ToolChoice.AUTO, user("Hi"), called(answer.thoughts()), RESULT);
    ask(CLAUDE, "high", ToolChoice.AUTO, user("Hi"), called(null), RESULT);

    // Then
    var sent = provider.requests();
    assertThat(answer.reasoning()).isEqualTo("I have to look.");
    assertThat(sent.get(0).body().path("thinking"))
        .isEqualTo(Json.tree("{\"type\": \"enabled\", \"budget_tokens\": 16384}"));
    assertThat(sent.get(0).body().path("max_tokens").asInt()).isGreaterThan(16_384);
    assertThat(sent.get(0).body().has("temperature")).isFalse();
    var blocks = sent.get(1).body().at("/messages/1/content");
    assertThat(blocks.findValuesAsText("type"))
        .containsExactly("thinking", "redacted_thinking", "tool_use");
    assertThat(blocks.toString()).contains("I have to look.", "s1gned", "r3dacted");
    assertThat(sent.get(1).body().at("/thinking/type").asText()).isEqualTo("enabled");
    // Claude must not think on behind calls whose thoughts it is not given.
    assertThat(sent.get(2).body().has("thinking")).isFalse();
  }

  @Test
  void newerClaudeIsGivenAnEffortAndNoneWhereAToolIsForced() throws InterruptedException {
    provider.reply(says(CLAUDE, "ok"), says(CLAUDE, "ok"), says(CLAUDE, "ok"));

    ask("claude-opus-4-7", "minimal", ToolChoice.AUTO, user("Hi"));
    ask("claude-opus-4-7", "high", new ToolChoice.Function("get_weather"), user("Hi"));
    ask("claude-3-5-haiku", "high", ToolChoice.AUTO, user("Hi"));

    var bodies = provider.requests().stream().map(FakeProvider.Request::body).toList();
    assertThat(bodies.get(0).at("/thinking/type").asText()).isEqualTo("adaptive");
    assertThat(bodies.get(0).at("/output_config/effort").asText()).isEqualTo("low");
    assertThat(bodies.get(1).has("thinking")).isFalse();
    assertThat(bodies.get(2).has("thinking")).isFalse();
  }

  @Test
  void theSignatureOfGeminiGoesBackToItAndToNobodyElse() throws InterruptedException {
    // Given
    var call =
        gemini(
                "{\"text\":\"Look there.\",\"thought\":true},{\"functionCall\":{\"name\":"
                    + "\"get_weather\",\"args\":{}},\"thoughtSignature\":\"s1gned\"}",
                true)
            .replace("\"totalTokenCount\"", "\"thoughtsTokenCount\":5,\"totalTokenCount\"");
    provider.reply(events(List.of(call)), says(GEMINI, "ok"), says(CLAUDE, "ok"));

    // When
    var answer = ask("gemini-3-pro", "high", ToolChoice.AUTO, user("Hi"));
    ask("gemini-3-pro", "high", ToolChoice.AUTO, user("Hi"), called(answer.thoughts()), RESULT);
    ask(CLAUDE, "high", ToolChoice.AUTO, user("Hi"), called(answer.thoughts()), RESULT);

    // Then
    assertThat(answer.reasoning()).isEqualTo("Look there.");
    assertThat(answer.usage()).isEqualTo(new Usage(11, 12, 5));
    var sent = provider.requests();
    assertThat(sent.get(0).body().at("/generationConfig/thinkingConfig/thinkingLevel").asText())
        .isEqualToIgnoringCase("high");
    assertThat(sent.get(1).body().toString()).contains("s1gned");
    assertThat(sent.get(2).body().toString()).doesNotContain("s1gned", "Look there.");
  }

  private static ModelMessage called(ReasoningState thoughts) {
    return new ModelMessage.Assistant(
        null, List.of(new ModelToolCall("toolu_1", "get_weather", "{}")), thoughts);
  }
}
