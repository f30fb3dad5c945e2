package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.threadmill.api.Json;
import dev.threadmill.models.ContextWindowException;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelResponse.FinishReason;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Claude, Gemini and Ollama do beside their documentation. */
class NativeProviderQuirksTest {
  private static final String CLAUDE = "claude-sonnet-4-5";
  private static final String GEMINI = "gemini-2.5-flash";
  private static final String OLLAMA = "ollama/llama3.2";

  private final FakeProvider provider = FakeProvider.start();
  private final List<ModelDelta> deltas = new ArrayList<>();
  private final ModelsSetup setup = setup();

  private ModelsSetup setup() {
    var root = provider.baseUrl().replace("/v1", "");
    return new ModelsSetup(
        Map.of(
            "anthropic.base-url", provider.baseUrl(),
            "anthropic.api-key", "sk-ant-secret-secret",
            "gemini.base-url", root + "/v1beta",
            "gemini.api-key", "gemini-secret",
            "ollama.base-url", root,
            "first-backoff", "1ms",
            "retries", "1"));
  }

  @AfterEach
  void tearDown() {
    setup.close();
    provider.close();
  }

  @ParameterizedTest
  @CsvSource({
    CLAUDE + ", end_turn, STOP",
    CLAUDE + ", max_tokens, LENGTH",
    CLAUDE + ", model_context_window_exceeded, LENGTH",
    CLAUDE + ", refusal, CONTENT_FILTER",
    CLAUDE + ", pause_turn,",
    GEMINI + ", STOP, STOP",
    GEMINI + ", MAX_TOKENS, LENGTH",
    GEMINI + ", SAFETY, CONTENT_FILTER",
    GEMINI + ", RECITATION, CONTENT_FILTER",
    GEMINI + ", PROHIBITED_CONTENT, CONTENT_FILTER",
    GEMINI + ", MALFORMED_FUNCTION_CALL,",
    GEMINI + ", OTHER,",
    GEMINI + ", TOO_MANY_TOOL_CALLS,",
    OLLAMA + ", stop, STOP",
    OLLAMA + ", length, LENGTH",
    OLLAMA + ", load,",
  })
  void everyReasonForTheEndIsKnownOrAnError(String model, String reason, FinishReason expected)
      throws InterruptedException {
    provider.otherwise(_ -> says(model, "Hello", reason));

    if (expected == null) {
      assertThatThrownBy(() -> ask(model, user("Hi")))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(reason);
    } else {
      var response = ask(model, user("Hi"));
      assertThat(response.finishReason()).isEqualTo(expected);
      assertThat(response.text()).isEqualTo("Hello");
    }
  }

  @Test
  void aPromptThatGeminiBlocksIsAContentFilter() throws InterruptedException {
    provider.reply(
        raw(
            "text/event-stream",
            "data: {\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},"
                + "\"usageMetadata\":{\"promptTokenCount\":11}}\n\n"));

    assertThat(ask(GEMINI, user("Hi")).finishReason()).isEqualTo(FinishReason.CONTENT_FILTER);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model_info\": {\"llama.context_length\": 6000}} | 6000",
        "{\"model_info\": {\"llama.context_length\": 99000}, \"parameters\": \"stop \\\"x\\\"\\nnum_ctx"
            + "   5000\"} | 5000",
        "{\"model_info\": {\"llama.context_length\": 999000}} | 32768",
        "{\"model_info\": {}} | 32768",
        "{} | 32768",
        "[] | 32768",
        "nonsense | 32768",
      })
  void ollamaIsAskedOnceForTheWindowOfAModel(String description, int context)
      throws InterruptedException {
    provider.describes(description);
    provider.otherwise(_ -> says(OLLAMA, "Hello", "stop"));
    var wide = Map.of("ollama.base-url", provider.baseUrl().replace("/v1", ""));

    try (var models = new ModelsSetup(wide)) {
      for (int i = 0; i < 2; i++) {
        models
            .models()
            .require(OLLAMA)
            .answer(request(OLLAMA, null, null, user("word ".repeat(4_500))), _ -> {});
      }
    }

    assertThat(provider.lastRequest().body().at("/options/num_ctx").asInt())
        .isEqualTo(Math.min(context, 16_384));
    assertThat(provider.descriptions()).isEqualTo(1);
  }

  @Test
  void aPromptThatIsTooLongForTheWindowIsNotSent() {
    provider.describes("{\"model_info\": {\"llama.context_length\": 4096}}");

    assertThatThrownBy(() -> ask(OLLAMA, user("word ".repeat(9_000))))
        .isInstanceOf(ContextWindowException.class)
        .hasMessageContaining("4096 tokens");
    assertThat(setup.models().require(OLLAMA).info().contextWindow()).isEqualTo(4096);
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void parallelCallsOfOllamaWithoutNumbersAreAllThere() throws InterruptedException {
    provider.reply(
        raw(
            "application/x-ndjson",
            ollama(
                "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}},"
                    + "{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":2}}}]",
                ""),
            ollama("\"tool_calls\":[{\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]", ""),
            ollama("\"content\":\"\"", ",\"done_reason\":\"stop\"")));

    var response = ask(OLLAMA, user("Hi"));

    assertThat(response.toolCalls())
        .extracting(ModelToolCall::name, call -> Json.tree(call.arguments()).toString())
        .containsExactly(tuple("f", "{\"a\":1}"), tuple("f", "{\"a\":2}"), tuple("g", "{}"));
  }

  @ParameterizedTest
  @CsvSource({"10, 8192", "5000, 16384", "20000, 32768", "200000, 128000"})
  void ollamaIsToldHowMuchContextThePromptNeeds(int words, int context)
      throws InterruptedException {
    provider.otherwise(_ -> says(OLLAMA, "Hello", "stop"));

    ask(OLLAMA, user("word ".repeat(words)));

    assertThat(provider.lastRequest().body().at("/options/num_ctx").asInt()).isEqualTo(context);
  }

  @Test
  void countsOfOllamaThatExceed32BitsAreNotRead() throws InterruptedException {
    provider.reply(
        raw(
            "application/x-ndjson",
            ollama("\"content\":\"Hello\"", ""),
            ollama(
                "\"content\":\"\"",
                ",\"done_reason\":\"stop\",\"prompt_eval_count\":99999999999,\"eval_count\":-1")));

    assertThat(ask(OLLAMA, user("Hi")).usage()).isEqualTo(new Usage(28, 1));
  }

  @Test
  void claudeTakesTemperatureOrTopPNotBoth() throws InterruptedException {
    provider.otherwise(_ -> says(CLAUDE, "Hello", "end_turn"));

    ask(request(CLAUDE, 0.5, 0.9, user("Hi")));
    var both = provider.lastRequest().body();
    ask(request(CLAUDE, null, 0.9, user("Hi")));
    var one = provider.lastRequest().body();

    assertThat(both.path("temperature").asDouble()).isEqualTo(0.5);
    assertThat(both.has("top_p")).isFalse();
    assertThat(one.path("top_p").asDouble()).isEqualTo(0.9);
    assertThat(one.has("temperature")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aParameterThatIsRefusedIsLeftOut(String model) throws InterruptedException {
    var refusal = Reply.error(400, "x", "`temperature` is deprecated for this model.");
    provider.reply(refusal, says(model, "Hello", "stop"), says(model, "Again", "stop"));

    assertThat(ask(request(model, 0.5, null, user("Hi"))).text()).isEqualTo("Hello");
    assertThat(ask(request(model, 0.5, null, user("Hi"))).text()).isEqualTo("Again");

    assertThat(provider.requests()).hasSize(3);
    assertThat(provider.requests().get(0).body().toString()).contains("temperature");
    assertThat(provider.requests().get(1).body().toString()).doesNotContain("temperature");
    assertThat(provider.requests().get(2).body().toString()).doesNotContain("temperature");
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI})
  void blankMessagesAndCallsOfToolsThatAreGoneAreMadeToFit(String model)
      throws InterruptedException {
    provider.otherwise(_ -> says(model, "Hello", "stop"));

    ask(
        model,
        user("How is it?"),
        new ModelMessage.Assistant(null, List.of(new ModelToolCall("call_1", "gone", "{\"a\":1}"))),
        new ModelMessage.ToolResult("call_1", ""),
        user("  "),
        user("Well?"));

    var sent = provider.lastRequest().body().toString();
    assertThat(sent).contains("How is it?", "Well?", "gone").doesNotContain("\"  \"", "call_1");
  }

  @Test
  void anErrorWithinTheStreamIsRetriedOnlyIfItsKindIs() throws InterruptedException {
    provider.reply(
        claudeError("overloaded_error", "Overloaded"), says(CLAUDE, "At last", "end_turn"));
    assertThat(ask(CLAUDE, user("Hi")).text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(2);

    provider.reply(claudeError("permission_error", "Not for you."));
    assertThatThrownBy(() -> ask(CLAUDE, user("Hi"))).hasMessageContaining("Not for you.");
    assertThat(provider.requests()).hasSize(3);
  }

  @Test
  void thoughtsInTheTextOfOllamaAreReasoning() throws InterruptedException {
    provider.reply(
        raw(
            "application/x-ndjson",
            ollama("\"content\":\"<thi\"", ""),
            ollama("\"content\":\"nk>Hm.</think>Hello\"", ""),
            ollama("\"content\":\"\"", ",\"done_reason\":\"stop\"")));

    var response = ask(OLLAMA, user("Hi"));

    assertThat(response.reasoning()).isEqualTo("Hm.");
    assertThat(response.text()).isEqualTo("Hello");
  }

  private static Reply claudeError(String type, String message) {
    return raw(
        "text/event-stream",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}\n\n"
            .formatted(type, message));
  }

  private static Reply says(String model, String text, String reason) {
    return switch (model) {
      case CLAUDE ->
          raw(
              "text/event-stream",
              event(
                  "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
                      + "\"role\":\"assistant\",\"model\":\"m\",\"content\":[],"
                      + "\"usage\":{\"input_tokens\":11,\"output_tokens\":0}}}"),
              event(
                  "{\"type\":\"content_block_start\",\"index\":0,"
                      + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"),
              event(
                  "{\"type\":\"content_block_delta\",\"index\":0,"
                      + "\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}".formatted(text)),
              event("{\"type\":\"content_block_stop\",\"index\":0}"),
              event(
                  "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"},"
                          .formatted(reason)
                      + "\"usage\":{\"output_tokens\":7}}"),
              event("{\"type\":\"message_stop\"}"));
      case GEMINI ->
          raw(
              "text/event-stream",
              "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"%s\"}]},"
                      .formatted(text)
                  + "\"finishReason\":\"%s\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":11,"
                      .formatted(reason)
                  + "\"candidatesTokenCount\":7,\"totalTokenCount\":18}}\n\n");
      default ->
          raw(
              "application/x-ndjson",
              ollama("\"content\":\"%s\"".formatted(text), ""),
              ollama("\"content\":\"\"", ",\"done_reason\":\"%s\"".formatted(reason)));
    };
  }

  private static String event(String data) {
    return "event: %s\ndata: %s\n\n".formatted(Json.tree(data).path("type").asText(), data);
  }

  private static String ollama(String message, String end) {
    return "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",%s},\"done\":%s%s}\n"
        .formatted(message, !end.isEmpty(), end);
  }

  private static Reply raw(String type, String... writes) {
    var bytes = new byte[writes.length][];
    for (int i = 0; i < writes.length; i++) {
      bytes[i] = writes[i].getBytes(StandardCharsets.UTF_8);
    }
    return Reply.raw(type, bytes);
  }

  private static ModelMessage user(String text) {
    return new ModelMessage.User(List.of(new ModelPart.Text(text)));
  }

  private ModelResponse ask(String model, ModelMessage... messages) throws InterruptedException {
    return ask(request(model, null, null, messages));
  }

  private ModelResponse ask(ModelRequest request) throws InterruptedException {
    return setup.models().require(request.model()).answer(request, deltas::add);
  }

  private static ModelRequest request(
      String model, Double temperature, Double topP, ModelMessage... messages) {
    return new ModelRequest(
        model,
        List.of(messages),
        List.of(
            new FunctionSpec("f", "does", null, null), new FunctionSpec("g", "does", null, null)),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        temperature,
        topP,
        null,
        null);
  }
}
