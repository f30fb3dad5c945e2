package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiModelTest {
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

  @Test
  void streamsAPlainAnswer() throws InterruptedException {
    provider.reply(Reply.text("Hello big world"));

    var answer = ask("Hi");

    assertThat(answer.text()).isEqualTo("Hello big world");
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.STOP);
    assertThat(answer.usage()).isEqualTo(new Usage(10, 3));
    assertThat(deltas)
        .containsExactly(
            new ModelDelta.Text("Hello "),
            new ModelDelta.Text("big "),
            new ModelDelta.Text("world"));
  }

  @Test
  void sendsEverythingThatTheRequestSays() throws InterruptedException {
    var request =
        new ModelRequest(
            "gpt-4o@2024-08-06",
            List.of(
                new ModelMessage.System("Be brief."),
                new ModelMessage.User(
                    List.of(
                        new ModelPart.Text("Look"),
                        new ModelPart.Image("data:image/png;base64,AA", "low"),
                        new ModelPart.Audio("AAAA", "wav"))),
                new ModelMessage.Assistant(null, List.of(new ModelToolCall("call_1", "f", "{}"))),
                new ModelMessage.ToolResult("call_1", "done")),
            List.of(new FunctionSpec("f", "does", null, true)),
            new ToolChoice.Function("f"),
            false,
            new ResponseFormat.JsonSchema(Json.tree("{\"name\":\"n\",\"schema\":{}}")),
            new ModelRequest.Options(
                0.5, 0.9, 77, "low", List.of("END"), 42L, 0.1, -0.1, null, null));

    model("gpt-4o@2024-08-06").answer(request, this::heard);

    var sent = provider.lastRequest();
    assertThat(sent.headers()).containsEntry("authorization", "Bearer sk-test-secret");
    assertThat(sent.path()).isEqualTo("/v1/chat/completions");
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"model": "gpt-4o-2024-08-06", "stream": true,
                 "stream_options": {"include_usage": true},
                 "messages": [
                   {"role": "system", "content": "Be brief."},
                   {"role": "user", "content": [
                     {"type": "text", "text": "Look"},
                     {"type": "image_url",
                      "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
                     {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]},
                   {"role": "assistant", "content": null, "tool_calls": [
                     {"id": "call_1", "type": "function",
                      "function": {"name": "f", "arguments": "{}"}}]},
                   {"role": "tool", "tool_call_id": "call_1", "content": "done"}],
                 "tools": [{"type": "function", "function": {"name": "f", "description": "does",
                   "parameters": {"type": "object", "properties": {}}, "strict": true}}],
                 "tool_choice": {"type": "function", "function": {"name": "f"}},
                 "parallel_tool_calls": false,
                 "response_format": {"type": "json_schema",
                   "json_schema": {"name": "n", "schema": {}}},
                 "temperature": 0.5, "top_p": 0.9, "frequency_penalty": 0.1,
                 "presence_penalty": -0.1, "max_completion_tokens": 77, "seed": 42,
                 "reasoning_effort": "low", "stop": ["END"]}
                """));
  }

  @Test
  void asksTheProviderToSearchTheWebAndReadsWhatItCites() throws InterruptedException {
    var cites =
        json(
            """
            {"content": "It rains.", "annotations": [
              {"type": "url_citation", "url_citation": {"url": "https://news.example/rain",
                "title": "Rain", "start_index": 3, "end_index": 8}},
              {"type": "url_citation", "url_citation": {"url": "javascript:alert(1)",
                "title": "Not an address", "start_index": 0, "end_index": 1}},
              {"type": "url_citation", "url_citation": {"url": "https://news.example/none",
                "start_index": 8, "end_index": 3}}]}""");
    provider.reply(
        Reply.streamed(
            List.of(
                new Reply.Step.Delta((ObjectNode) cites),
                new Reply.Step.Finish("stop"),
                new Reply.Step.Done())));
    var search = new ModelRequest.WebSearch("low", json("{\"country\": \"AT\"}"));
    var request =
        ModelRequest.of("gpt-4o", List.of(), List.of())
            .with(ModelRequest.Options.DEFAULTS.with(search));

    model("gpt-4o").answer(request, this::heard);

    assertThat(provider.lastRequest().body().path("web_search_options"))
        .isEqualTo(
            json(
                """
                {"search_context_size": "low",
                 "user_location": {"type": "approximate", "approximate": {"country": "AT"}}}"""));
    assertThat(deltas)
        .containsExactly(
            new ModelDelta.Text("It rains."),
            new ModelDelta.Citation("https://news.example/rain", "Rain", 3, 8));
  }

  @Test
  void leavesOutWhatTheRequestDoesNotSay() throws InterruptedException {
    ask("Hi");

    assertThat(provider.lastRequest().body())
        .isEqualTo(
            json(
                """
                {"model": "gpt-4o", "stream": true, "stream_options": {"include_usage": true},
                 "messages": [{"role": "user", "content": "Hi"}]}
                """));
  }

  @Test
  void gathersParallelToolCallsFromFragments() throws InterruptedException {
    provider.reply(
        Reply.calls(
            new Reply.Call("call_a", "weather", "{\"city\":\"Rome\"}"),
            new Reply.Call("call_b", "time", "{\"zone\":\"CET\"}")));

    var answer = ask("Hi");

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(answer.toolCalls())
        .containsExactly(
            new ModelToolCall("call_a", "weather", "{\"city\":\"Rome\"}"),
            new ModelToolCall("call_b", "time", "{\"zone\":\"CET\"}"));
    assertThat(foldedArguments(1)).isEqualTo("{\"zone\":\"CET\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // without index
        """
        {"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}
        {"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{\\"x\\""}}]}
        {"tool_calls":[{"function":{"arguments":":1}"}}]}
        """,
        // the same index for all, distinguished by id
        """
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}
        {"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\\"x\\":1}"}}]}
        """,
        // numbers that begin at one and leave gaps, no ids
        """
        {"tool_calls":[{"index":1,"function":{"name":"f","arguments":""}}]}
        {"tool_calls":[{"index":3,"function":{"name":"g","arguments":"{\\"x\\":"}}]}
        {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}
        {"tool_calls":[{"index":3,"function":{"arguments":"1}"}}]}
        """,
        // the beginning twice, and arguments as an object
        """
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}
        {"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":{"x":1}}}]}
        """,
        // another id with each piece
        """
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}
        {"tool_calls":[{"index":0,"id":"a2","function":{"name":null,"arguments":"}"}}]}
        {"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{\\"x\\":1}"}}]}
        """,
      })
  void understandsTheDialectsOfToolCalls(String dialect) throws InterruptedException {
    var steps = new ArrayList<byte[]>();
    dialect
        .lines()
        .forEach(delta -> steps.add(chunk("{\"index\":0,\"delta\":" + delta.strip() + "}")));
    steps.add(chunk("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}"));
    provider.reply(Reply.raw("text/event-stream", steps.toArray(byte[][]::new)));

    var answer = ask("Hi");

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(answer.toolCalls()).extracting(ModelToolCall::name).containsExactly("f", "g");
    assertThat(answer.toolCalls())
        .extracting(ModelToolCall::arguments)
        .containsExactly("{}", "{\"x\":1}");
    assertThat(foldedArguments(0)).isEqualTo("{}");
    assertThat(foldedArguments(1)).isEqualTo("{\"x\":1}");
  }

  @Test
  void readsReasoningRefusalsAndForeignParts() throws InterruptedException {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            chunk("{\"delta\":{\"reasoning_content\":\"think \"}}"),
            chunk("{\"delta\":{\"reasoning\":\"more\"}}"),
            chunk("{\"delta\":{\"refusal\":\"no\"}}"),
            chunk("{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"part\"}]}}"),
            chunk("{\"delta\":{},\"finish_reason\":\"content_filter\"}")));

    var answer = ask("Hi");

    assertThat(answer.reasoning()).isEqualTo("think more");
    assertThat(answer.refusal()).isEqualTo("no");
    assertThat(answer.text()).isEqualTo("part");
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.CONTENT_FILTER);
  }

  @ParameterizedTest
  @CsvSource({"reasoning_content", "reasoning", "none"})
  void reasoningGoesBackOnlyWhereTheServerWantsIt(String field, @TempDir Path folder)
      throws Exception {
    // Given
    var file = folder.resolve("models.yaml");
    Files.writeString(
        file,
        """
        providers: {one: {base_url: "%s", reasoning_field: %s}}
        models: [{name: m, provider: one}]
        """
            .formatted(provider.baseUrl(), field));
    setup.close();
    setup = setup(Map.of("file", file.toString()));
    provider.reply(Reply.call("f", "{}").withReasoning("I need f."), Reply.text("ok"));
    var user = new ModelMessage.User(List.of(new ModelPart.Text("Hi")));

    // When
    var first = model("m").answer(plain("m", user), this::heard);
    var calls = List.of(new ModelToolCall("call_1", "f", "{}"));
    model("m")
        .answer(
            plain(
                "m",
                new ModelMessage.Assistant(null, calls),
                new ModelMessage.ToolResult("call_1", "of an earlier run"),
                user,
                new ModelMessage.Assistant(null, calls, first.thoughts()),
                new ModelMessage.ToolResult("call_1", "done")),
            this::heard);

    // Then
    var sent = provider.lastRequest().body().path("messages");
    if (field.equals("none")) {
      assertThat(first.thoughts().text()).isNull();
      assertThat(sent.toString()).doesNotContain("reasoning");
    } else {
      assertThat(sent.get(0).path(field).asText("missing")).isEmpty();
      assertThat(sent.get(3).path(field).asText()).isEqualTo("I need f.");
    }
  }

  private static ModelRequest plain(String model, ModelMessage... messages) {
    return new ModelRequest(
        model,
        List.of(messages),
        List.of(),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        null,
        null,
        null,
        null);
  }

  @Test
  void bytesMayBeSplitInsideOfACharacter() throws InterruptedException {
    var whole =
        new String(
                chunk("{\"delta\":{\"content\":\"漢😀\"},\"finish_reason\":\"stop\"}"),
                StandardCharsets.UTF_8)
            .replace("\n", "\r\n")
            .getBytes(StandardCharsets.UTF_8);
    var single = new byte[whole.length][];
    for (int i = 0; i < whole.length; i++) {
      single[i] = new byte[] {whole[i]};
    }
    provider.reply(Reply.raw("text/event-stream", single));

    assertThat(ask("Hi").text()).isEqualTo("漢😀");
  }

  @Test
  void whatCannotBeStoredIsReplacedAndPairsInTwoPiecesAreJoined() throws InterruptedException {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            chunk("{\"delta\":{\"content\":\"a\\u0000b\\ud83d\"}}"),
            chunk("{\"delta\":{\"content\":\"\\ude00c\\ude00\"}}"),
            chunk("{\"delta\":{\"content\":\"\\ud83d\"},\"finish_reason\":\"stop\"}")));

    var answer = ask("Hi");

    assertThat(answer.text()).isEqualTo("a\uFFFDb😀c\uFFFD\uFFFD");
    var folded = new StringBuilder();
    deltas.forEach(delta -> folded.append(((ModelDelta.Text) delta).text()));
    assertThat(folded.toString()).isEqualTo(answer.text());
  }

  @Test
  void aModelThatCallsToolsWithoutEndFails() {
    var chunks = new byte[1_100][];
    for (int i = 0; i < chunks.length; i++) {
      chunks[i] =
          chunk(
              "{\"delta\":{\"tool_calls\":[{\"index\":%d,\"function\":{\"name\":\"f\"}}]}}"
                  .formatted(i));
    }
    provider.reply(Reply.raw("text/event-stream", chunks));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED)).hasMessageContaining("too many");
  }

  @Test
  void anAnswerWithoutUsageIsCountedByUs() throws InterruptedException {
    provider.reply(Reply.text("Hello world").without(Reply.Step.Usage.class));

    var usage = ask("Hi").usage();

    assertThat(usage.promptTokens()).isPositive();
    assertThat(usage.completionTokens()).isEqualTo(2);
  }

  @Test
  void theLineDoneMayBeMissing() throws InterruptedException {
    provider.reply(Reply.text("Hello").without(Reply.Step.Done.class));

    assertThat(ask("Hi").text()).isEqualTo("Hello");
  }

  @Test
  void aWholeAnswerIsTakenWhereAStreamWasAskedFor() throws InterruptedException {
    provider.reply(
        Reply.raw(
            "application/json",
            """
            {"choices":[{"index":0,"message":{"role":"assistant","content":"All at once"},
             "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":3}}
            """
                .getBytes(StandardCharsets.UTF_8)));

    var answer = ask("Hi");

    assertThat(answer.text()).isEqualTo("All at once");
    assertThat(answer.usage()).isEqualTo(new Usage(1, 3));
  }

  @Test
  void anEventThatIsRepeatedWithItsIdCountsOnce() throws InterruptedException {
    var chunk =
        "id: 5\n" + new String(chunk("{\"delta\":{\"content\":\"once\"}}"), StandardCharsets.UTF_8);
    provider.reply(
        Reply.raw(
            "text/event-stream",
            (chunk + chunk).getBytes(StandardCharsets.UTF_8),
            ("id: 6\n"
                    + new String(
                        chunk("{\"delta\":{},\"finish_reason\":\"stop\"}"), StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8)));

    assertThat(ask("Hi").text()).isEqualTo("once");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 409, 429, 500, 503, 529})
  void aPassingFaultIsTriedAgain(int status) throws InterruptedException {
    provider.reply(Reply.error(status, "busy", "Busy."), Reply.text("At last"));

    assertThat(ask("Hi").text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void theProviderMaySayWhenToTryAgain() throws InterruptedException {
    setup.close();
    setup = setup(Map.of("first-backoff", "20s", "longest-backoff", "30s"));
    var now = ZonedDateTime.now(ZoneOffset.UTC);
    provider.reply(
        Reply.error(429, "x", "x").withHeader("retry-after", "0"),
        Reply.error(429, "x", "x").withHeader("retry-after-ms", "5"),
        Reply.error(429, "x", "x")
            .withHeader("retry-after", DateTimeFormatter.RFC_1123_DATE_TIME.format(now)),
        Reply.text("At last"));

    // With the back-off of 20 s it would take minutes.
    assertThat(ask("Hi").text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(4);
  }

  @Test
  void aProviderThatAsksForTooLongAWaitIsNotTriedAgain() {
    provider.reply(Reply.error(429, "x", "x").withHeader("retry-after", "3600"));

    assertFails(ModelException.Kind.RATE_LIMITED);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aLimitThatLastsEndsAsRateLimited() {
    provider.otherwise(_ -> Reply.error(429, "rate_limit_exceeded", "Slow down."));

    assertFails(ModelException.Kind.RATE_LIMITED);
    assertThat(provider.requests()).hasSize(4);
  }

  @Test
  void aQuotaThatIsUsedUpIsNotTriedAgain() {
    provider.reply(Reply.error(429, "insufficient_quota", "Pay."));

    assertFails(ModelException.Kind.RATE_LIMITED);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void theProviderMayForbidARetry() {
    provider.reply(Reply.error(500, "x", "x").withHeader("x-should-retry", "false"));

    assertFails(ModelException.Kind.PROVIDER_FAILED);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aBadRequestIsTheCallersAndKeepsNoSecret() {
    provider.reply(
        Reply.error(400, "x", "Too long. Key sk-test-secret at http://10.0.0.1/x is fine."));

    var failure = assertFails(ModelException.Kind.INVALID_PROMPT);
    assertThat(failure).hasMessage("Too long. Key [key] at [address] is fine.");
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aRefusedKeyNamesTheSettingAndNotTheKey() {
    provider.reply(Reply.error(401, "invalid_api_key", "Incorrect API key: sk-test-secret"));

    var failure = assertFails(ModelException.Kind.PROVIDER_FAILED);
    assertThat(failure).hasMessageContaining("OPENAI_API_KEY").hasMessageNotContaining("secret");
  }

  @Test
  void aModelThatTheProviderDoesNotHaveIsUnknown() {
    provider.reply(Reply.error(404, "model_not_found", "No such model."));

    assertFails(ModelException.Kind.UNKNOWN_MODEL);
  }

  @Test
  void aStreamThatBreaksBeforeTheFirstDeltaIsTriedAgain() throws InterruptedException {
    provider.reply(Reply.text("x").cutAfter(1), Reply.text("Whole"));

    assertThat(ask("Hi").text()).isEqualTo("Whole");
  }

  @Test
  void aStreamThatBreaksInTheMiddleFailsWithoutARetry() {
    provider.reply(Reply.text("one two three").cutAfter(3));

    assertFails(ModelException.Kind.PROVIDER_FAILED);
    assertThat(deltas).hasSize(2);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aStreamThatEndsWithoutAReasonFails() {
    provider.reply(
        Reply.text("one two").without(Reply.Step.Finish.class).without(Reply.Step.Done.class));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("in the middle");
  }

  @Test
  void theLineDoneEndsAnAnswerWithoutAReason() throws InterruptedException {
    provider.reply(Reply.text("one two").without(Reply.Step.Finish.class));

    assertThat(ask("Hi").text()).isEqualTo("one two");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {not json\n\n",
        "data: 42\n\n",
        "data:"
            + " {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}]}\n\n",
      })
  void garbageFails(String garbage) {
    provider.reply(Reply.raw("text/event-stream", garbage.getBytes(StandardCharsets.UTF_8)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("cannot be read");
    assertThat(provider.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "application/json"})
  void aPageInPlaceOfAnAnswerFails(String type) {
    provider.reply(Reply.raw(type, "<html>Login</html>".getBytes(StandardCharsets.UTF_8)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("cannot be read");
  }

  @Test
  void anErrorInTheStreamFails() {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            chunk("{\"delta\":{\"content\":\"x\"}}"),
            "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\"}}\n\n"
                .getBytes(StandardCharsets.UTF_8)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("reported an error");
  }

  @Test
  void aProviderThatHangsFailsAfterTheTimeLimitAndIsHungUpOn() {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(Reply.hang());

    var failure = assertFails(ModelException.Kind.PROVIDER_FAILED);

    assertThat(failure).hasMessageContaining("0.2 seconds");
    assertThat(provider.requests()).hasSize(1);
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aProviderThatHangsInTheMiddleFailsAfterTheTimeLimit() {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(Reply.text("one two three").hangAfter(2));

    assertFails(ModelException.Kind.PROVIDER_FAILED);

    assertThat(deltas).hasSize(1);
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aProviderThatHangsAfterTheWholeAnswerHasAnswered() throws InterruptedException {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(
        Reply.text("Hello")
            .without(Reply.Step.Done.class)
            .without(Reply.Step.Usage.class)
            .hangAfter(3));

    assertThat(ask("Hi").text()).isEqualTo("Hello");
  }

  @Test
  void anInterruptHangsUpOnTheProvider() throws Exception {
    var gate = new ReplyGate();
    provider.reply(Reply.text("one two three").withGate(gate));
    var interrupted = new CompletableFuture<Boolean>();
    var caller =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    ask("Hi");
                    interrupted.complete(false);
                  } catch (InterruptedException _) {
                    interrupted.complete(true);
                  } catch (RuntimeException e) {
                    interrupted.completeExceptionally(e);
                  }
                });
    gate.release(2);
    await().until(() -> deltas.size() == 1);

    caller.interrupt();

    assertThat(interrupted.get()).isTrue();
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aServerThatIsNotThereFailsAfterRetries() {
    provider.close();

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("connection")
        .hasMessageNotContaining("127.0.0.1");
  }

  @Test
  void anAnswerLongerThanAllowedFails() {
    setup.close();
    setup = setup(Map.of("longest-answer", "2000"));
    provider.reply(Reply.text("word ".repeat(500)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED)).hasMessageContaining("longer");
    await().until(() -> provider.lastRequest().hungUp() || provider.lastRequest().answered());
  }

  @Test
  void aReaderThatIsSlowHoldsTheProviderBack() throws Exception {
    var large = "x".repeat(20_000);
    var chunks = new ArrayList<byte[]>();
    for (int i = 0; i < 2_000; i++) {
      chunks.add(chunk("{\"delta\":{\"content\":\"" + large + "\"}}"));
    }
    chunks.add(chunk("{\"delta\":{},\"finish_reason\":\"stop\"}"));
    setup.close();
    setup = setup(Map.of("longest-answer", "500000000"));
    provider.reply(Reply.raw("text/event-stream", chunks.toArray(byte[][]::new)));
    var first = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var length = new CompletableFuture<Integer>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                var answer =
                    model("gpt-4o")
                        .answer(
                            request("Hi"),
                            _ -> {
                              first.countDown();
                              awaitUninterruptibly(goOn);
                            });
                length.complete(answer.text().length());
              } catch (Exception e) {
                length.completeExceptionally(e);
              }
            });

    first.await();
    await().during(Duration.ofMillis(500)).until(() -> !provider.lastRequest().answered());
    goOn.countDown();

    assertThat(length.get()).isEqualTo(2_000 * 20_000);
  }

  @Test
  void aThousandStreamsRunAtATimeOverOneClient() throws Exception {
    var gate = new ReplyGate();
    provider.otherwise(_ -> Reply.text("one two three").withGate(gate));
    var answers = new ArrayList<CompletableFuture<String>>();
    for (int i = 0; i < 1_000; i++) {
      var answer = new CompletableFuture<String>();
      answers.add(answer);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  answer.complete(ask("Hi").text());
                } catch (Exception e) {
                  answer.completeExceptionally(e);
                }
              });
    }
    await().until(() -> gate.waiting() == 1_000);

    gate.open();

    for (var answer : answers) {
      assertThat(answer.get()).isEqualTo("one two three");
    }
  }

  @Test
  void connectionsAreUsedAgain() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      ask("Hi");
    }

    var ports = new HashMap<String, Integer>();
    provider.requests().forEach(r -> ports.merge(r.remote(), 1, Integer::sum));
    assertThat(ports).hasSizeLessThan(4);
  }

  private ModelException assertFails(ModelException.Kind kind) {
    var failure = new ModelException[1];
    assertThatThrownBy(() -> ask("Hi"))
        .isInstanceOfSatisfying(ModelException.class, e -> failure[0] = e);
    assertThat(failure[0].kind()).isEqualTo(kind);
    return failure[0];
  }

  private void heard(ModelDelta delta) {
    if (delta instanceof ModelDelta.Batch(var pieces)) {
      pieces.forEach(this::heard);
    } else {
      deltas.add(delta);
    }
  }

  private ModelResponse ask(String text) throws InterruptedException {
    return model("gpt-4o").answer(request(text), this::heard);
  }

  private LanguageModel model(String name) {
    return setup.models().require(name);
  }

  private ModelsSetup setup(Map<String, String> more) {
    var settings =
        new HashMap<>(Map.of("openai.base-url", provider.baseUrl() + "/", "first-backoff", "1ms"));
    settings.put("openai.api-key", "sk-test-secret");
    settings.putAll(more);
    return new ModelsSetup(settings);
  }

  private static ModelRequest request(String text) {
    return new ModelRequest(
        "gpt-4o",
        List.of(new ModelMessage.User(List.of(new ModelPart.Text(text)))),
        List.of(),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        null,
        null,
        null,
        null);
  }

  private String foldedArguments(int index) {
    var folded = new StringBuilder();
    for (var delta : deltas) {
      if (delta instanceof ModelDelta.ToolCallArguments(var of, var fragment) && of == index) {
        folded.append(fragment);
      }
    }
    return folded.toString();
  }

  private static byte[] chunk(String choice) {
    return ("data: {\"choices\":[" + choice + "]}\n\n").getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
