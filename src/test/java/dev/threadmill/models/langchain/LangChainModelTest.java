package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LangChainModelTest {
  private static final String CLAUDE = "claude-sonnet-4-5@2025-09-29";
  private static final String GEMINI = "gemini-2.5-flash";
  private static final String OLLAMA = "ollama/llama3.2";
  private static final FunctionSpec WEATHER =
      new FunctionSpec(
          "get_weather",
          "Get weather",
          Json.tree(
              """
              {"type": "object", "required": ["city"], "additionalProperties": false,
               "properties": {"city": {"type": "string", "description": "Where"},
                 "days": {"type": "integer"}, "unit": {"type": "string", "enum": ["c", "f"]}}}
              """),
          null);

  private static final ModelMessage RESULT = new ModelMessage.ToolResult("toolu_1", "sunny");

  private final FakeProvider provider = FakeProvider.start();
  private final List<ModelDelta> deltas = Collections.synchronizedList(new ArrayList<>());
  private ModelsSetup setup;

  @BeforeEach
  void setUp() {
    setup = setup(Map.of());
  }

  @AfterEach
  void tearDown() {
    setup.close();
    provider.close();
  }

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

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aPassingFaultIsTriedAgain(String model) throws InterruptedException {
    provider.reply(
        Reply.error(529, "overloaded", "Busy."),
        Reply.error(429, "busy", "Busy.").withHeader("retry-after", "0"),
        says(model, "At last"));

    assertThat(ask(model, user("Hi")).text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aBadRequestAnUnknownModelAndARefusedKeyAreToldApart(String model) {
    provider.reply(
        Reply.error(400, "x", "Too long."),
        Reply.error(404, "x", "No."),
        Reply.error(401, "x", "Bad key."));

    assertThat(assertFails(model, ModelException.Kind.INVALID_PROMPT)).hasMessage("Too long.");
    assertFails(model, ModelException.Kind.UNKNOWN_MODEL);
    assertThat(assertFails(model, ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("_API_KEY");
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aStreamThatBreaksInTheMiddleFails(String model) {
    provider.reply(says(model, "Hello ", "world").cutAfter(model.equals(CLAUDE) ? 3 : 1));

    assertFails(model, ModelException.Kind.PROVIDER_FAILED);
    assertThat(deltas).hasSize(1);
    assertThat(provider.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void garbageFails(String model) {
    provider.otherwise(
        _ -> Reply.raw("text/event-stream", "data: {garbage\n\n".getBytes(StandardCharsets.UTF_8)));

    assertFails(model, ModelException.Kind.PROVIDER_FAILED);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aProviderThatHangsFailsAfterTheTimeLimitAndIsHungUpOn(String model) {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(Reply.hang());

    assertThat(assertFails(model, ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("0.2 seconds");
    await().until(() -> provider.lastRequest().hungUp());
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void anInterruptHangsUpOnTheProvider(String model) throws Exception {
    var gate = new ReplyGate();
    provider.reply(says(model, "Hello ", "world").withGate(gate));
    var interrupted = new CompletableFuture<Boolean>();
    var caller =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    ask(model, user("Hi"));
                    interrupted.complete(false);
                  } catch (InterruptedException _) {
                    interrupted.complete(true);
                  } catch (RuntimeException e) {
                    interrupted.completeExceptionally(e);
                  }
                });
    gate.release(model.equals(CLAUDE) ? 3 : 1);
    await().until(() -> deltas.size() == 1);

    caller.interrupt();

    assertThat(interrupted.get()).isTrue();
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void whatTheListenerThrowsEndsTheCallAndComesOut() {
    provider.reply(says(OLLAMA, "Hello ", "world"));

    assertThatThrownBy(
            () ->
                setup
                    .models()
                    .require(OLLAMA)
                    .answer(
                        request(OLLAMA, List.of(user("Hi"))),
                        _ -> {
                          throw new IllegalStateException("of the listener");
                        }))
        .hasMessage("of the listener");
  }

  private static Reply says(String model, String... words) {
    var lines = new ArrayList<String>();
    switch (model) {
      case CLAUDE -> {
        lines.add(
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
        for (var word : words) {
          lines.add(
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}"
                  .formatted(word));
        }
        lines.add("{\"type\":\"content_block_stop\",\"index\":0}");
        return claude(lines.toArray(String[]::new));
      }
      case GEMINI -> {
        for (int i = 0; i < words.length; i++) {
          lines.add(gemini("{\"text\":\"%s\"}".formatted(words[i]), i == words.length - 1));
        }
        return events(lines);
      }
      default -> {
        for (var word : words) {
          lines.add(
              "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"done\":false}\n"
                  .formatted(word));
        }
        lines.add(
            "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"
                + "\"done_reason\":\"stop\",\"prompt_eval_count\":11,\"eval_count\":7}\n");
        return raw("application/x-ndjson", lines);
      }
    }
  }

  private static Reply calls(String model) {
    return switch (model) {
      case CLAUDE ->
          claude(
              "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{}}}",
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\":\"}}",
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"Rome\\\"}\"}}",
              "{\"type\":\"content_block_stop\",\"index\":0}");
      case GEMINI ->
          events(
              List.of(
                  gemini(
                      "{\"functionCall\":{\"name\":\"get_weather\",\"args\":{\"city\":\"Rome\"}}}",
                      true)));
      default ->
          raw(
              "application/x-ndjson",
              List.of(
                  "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]},\"done\":false}\n",
                  "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":11,\"eval_count\":7}\n"));
    };
  }

  private static Reply claude(String... blocks) {
    var events = new ArrayList<String>();
    events.add(
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":11,\"output_tokens\":0}}}");
    events.addAll(List.of(blocks));
    boolean calls = List.of(blocks).toString().contains("tool_use");
    events.add(
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"},\"usage\":{\"output_tokens\":7}}"
            .formatted(calls ? "tool_use" : "end_turn"));
    events.add("{\"type\":\"message_stop\"}");
    return raw(
        "text/event-stream",
        events.stream()
            .map(
                data ->
                    "event: %s\ndata: %s\n\n"
                        .formatted(Json.tree(data).path("type").asText(), data))
            .toList());
  }

  private static String gemini(String part, boolean last) {
    return "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[%s]}%s,\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":11,\"candidatesTokenCount\":7,\"totalTokenCount\":18}}"
        .formatted(part, last ? ",\"finishReason\":\"STOP\"" : "");
  }

  private static Reply events(List<String> data) {
    return raw("text/event-stream", data.stream().map(line -> "data: " + line + "\n\n").toList());
  }

  private static Reply raw(String type, List<String> writes) {
    return Reply.raw(
        type, writes.stream().map(w -> w.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new));
  }

  private ModelException assertFails(String model, ModelException.Kind kind) {
    var failure = new ModelException[1];
    assertThatThrownBy(() -> ask(model, user("Hi")))
        .isInstanceOfSatisfying(ModelException.class, e -> failure[0] = e);
    assertThat(failure[0].kind()).isEqualTo(kind);
    return failure[0];
  }

  private ModelResponse ask(String model, ModelMessage... messages) throws InterruptedException {
    return setup.models().require(model).answer(request(model, List.of(messages)), deltas::add);
  }

  private ModelResponse ask(
      String model, String effort, ToolChoice choice, ModelMessage... messages)
      throws InterruptedException {
    var request =
        new ModelRequest(
            model,
            List.of(messages),
            List.of(WEATHER),
            choice,
            true,
            ResponseFormat.AUTO,
            1.0,
            1.0,
            null,
            effort);
    return setup.models().require(model).answer(request, deltas::add);
  }

  private static ModelMessage called(ReasoningState thoughts) {
    return new ModelMessage.Assistant(
        null, List.of(new ModelToolCall("toolu_1", "get_weather", "{}")), thoughts);
  }

  private static ModelMessage user(String text) {
    return new ModelMessage.User(List.of(new ModelPart.Text(text)));
  }

  private static ModelRequest request(String model, List<ModelMessage> messages) {
    return new ModelRequest(
        model,
        messages,
        List.of(WEATHER),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        null,
        null,
        null,
        null);
  }

  private ModelsSetup setup(Map<String, String> more) {
    var base = provider.baseUrl();
    var settings =
        new HashMap<>(
            Map.of(
                "anthropic.base-url",
                base,
                "anthropic.api-key",
                "sk-anthropic",
                "gemini.base-url",
                base,
                "gemini.api-key",
                "sk-gemini",
                "ollama.base-url",
                base,
                "first-backoff",
                "1ms"));
    settings.putAll(more);
    return new ModelsSetup(settings);
  }
}
