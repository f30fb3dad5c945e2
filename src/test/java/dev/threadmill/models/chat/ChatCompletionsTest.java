package dev.threadmill.models.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(value = FakeProviderResource.class, restrictToAnnotatedClass = true)
class ChatCompletionsTest {
  private static final String PATH = "/v1/chat/completions";

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @Test
  void theOfficialSdkReadsAWholeAnswer() {
    provider.reply(Reply.text("Hello world"));

    var completion =
        sdk()
            .chat()
            .completions()
            .create(
                ChatCompletionCreateParams.builder().model("gpt-4o").addUserMessage("Hi").build());

    completion.validate();
    assertThat(completion.choices().getFirst().message().content()).contains("Hello world");
    assertThat(completion.usage().orElseThrow().totalTokens()).isEqualTo(12);
  }

  @Test
  void theOfficialSdkReadsAStream() {
    provider.reply(Reply.calls(new Reply.Call("call_x", "get_weather", "{\"city\":\"Rome\"}")));
    var params =
        ChatCompletionCreateParams.builder()
            .model("gpt-4o")
            .addUserMessage("Hi")
            .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .build();

    var arguments = new StringBuilder();
    long total = 0;
    try (var stream = sdk().chat().completions().createStreaming(params)) {
      for (var chunk : (Iterable<ChatCompletionChunk>) stream.stream()::iterator) {
        chunk.validate();
        for (var choice : chunk.choices()) {
          choice
              .delta()
              .toolCalls()
              .ifPresent(
                  calls ->
                      calls.forEach(
                          call ->
                              arguments.append(
                                  call.function().orElseThrow().arguments().orElse(""))));
        }
        total += chunk.usage().map(usage -> usage.totalTokens()).orElse(0L);
      }
    }

    assertThat(arguments).hasToString("{\"city\":\"Rome\"}");
    assertThat(total).isEqualTo(15);
  }

  @Test
  void theFormsOfTheGuidesAreAccepted() {
    var answer =
        ApiClient.user()
            .post(
                PATH,
                """
                {"model": "gpt-4.5-mini",
                 "messages": [
                   {"role": "system", "content": "You are a helpful assistant."},
                   {"role": "user", "content": [
                     {"type": "text", "text": "Describe this photo."},
                     {"type": "image_url", "url": "https://example.com/receipt.jpg"},
                     {"type": "audio", "data": "QUJD"}]},
                   {"role": "assistant", "content": null, "tool_calls": [
                     {"id": "call_123", "type": "function",
                      "function": {"name": "get_weather", "arguments": "{}"}}]},
                   {"role": "tool", "content": "sunny", "tool_call_id": "call_123"}],
                 "tools": [{"type": "function", "name": "get_weather",
                   "description": "Get weather for a city", "parameters": {"type": "object"}}],
                 "output": ["text"], "stop": "END", "max_tokens": 5}
                """);

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    var sent = provider.lastRequest().body();
    assertThat(sent.at("/messages/1/content/1/image_url/url").asText())
        .isEqualTo("https://example.com/receipt.jpg");
    assertThat(sent.at("/messages/1/content/2/input_audio/format").asText()).isEqualTo("wav");
    assertThat(sent.at("/tools/0/function/name").asText()).isEqualTo("get_weather");
    assertThat(sent.at("/stop/0").asText()).isEqualTo("END");
    assertThat(sent.at("/max_completion_tokens").asInt()).isEqualTo(5);
  }

  @Test
  void aStreamIsDataEventsUpToDone() {
    provider.reply(Reply.text("Hello world"));

    var answer = ApiClient.user().post(PATH, body("\"stream\": true"));

    assertThat(answer.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    var frames = List.of(answer.text().split("\n\n"));
    assertThat(frames).allSatisfy(frame -> assertThat(frame).startsWith("data: "));
    assertThat(frames).last().isEqualTo("data: [DONE]");
    assertThat(data(frames.getFirst()).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
    assertThat(data(frames.get(1)).at("/choices/0/delta/content").asText()).isEqualTo("Hello ");
    assertThat(data(frames.get(frames.size() - 2)).at("/choices/0/finish_reason").asText())
        .isEqualTo("stop");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"nonsense\": 1                                   | nonsense",
        "\"n\": 2                                          | n",
        "\"modalities\": [\"text\", \"audio\"]             | modalities",
        "\"output\": [\"text\", \"audio\"]                 | output",
        "\"logprobs\": true                                | logprobs",
        "\"temperature\": 3                                | temperature",
        "\"stream_options\": {}                            | stream_options",
        "\"stop\": [\"a\", \"b\", \"c\", \"d\", \"e\"]     | stop",
        "\"tools\": [{\"type\": \"file_search\"}]          | tools[0].type",
        "\"tools\": [{\"type\": \"function\"}]             | tools[0].name",
        "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"a b\"}}] | tools[0].name",
        "\"tool_choice\": \"required\"                     | tool_choice",
        "\"functions\": []                                 | functions",
      })
  void anInvalidFieldIsRejectedByName(String field, String param) {
    var answer = ApiClient.user().post(PATH, body(field));

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).isEqualTo(param);
    assertThat(provider.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"role\": \"wizard\", \"content\": \"x\"}                      | messages[0].role",
        "{\"role\": \"user\"}                                            | messages[0].content",
        "{\"role\": \"user\", \"content\": \"x\", \"mood\": 1}           | messages[0].mood",
        "{\"role\": \"user\", \"content\": [{\"type\": \"video\"}]}      | messages[0].content[0].type",
        "{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"url\": \"file:///etc/passwd\"}]} | messages[0].content[0].url",
        "{\"role\": \"tool\", \"content\": \"x\"}                        | messages[0].tool_call_id",
        "\"text\"                                                        | messages[0]",
      })
  void anInvalidMessageIsRejectedByItsPath(String message, String param) {
    var answer =
        ApiClient.user().post(PATH, "{\"model\": \"gpt-4o\", \"messages\": [" + message + "]}");

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).isEqualTo(param);
  }

  @Test
  void failuresOfTheProviderAreHttpErrorsAlsoForStreams() {
    provider.otherwise(_ -> Reply.error(429, "rate_limit_exceeded", "Slow down."));

    var answer = ApiClient.user().post(PATH, body("\"stream\": true"));

    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.headers().firstValue("retry-after")).isPresent();
    assertThat(answer.error().path("code").asText()).isEqualTo("rate_limit_exceeded");
  }

  @Test
  void aProviderThatIsDownIsABadGateway() {
    provider.otherwise(_ -> Reply.error(500, "x", "x"));

    assertThat(ApiClient.user().post(PATH, body("\"stream\": false")).status()).isEqualTo(502);
  }

  @Test
  void aStreamThatBreaksEndsWithAnErrorAndNotWithDone() {
    provider.reply(Reply.text("one two three").cutAfter(3));

    var frames = ApiClient.user().post(PATH, body("\"stream\": true")).text().split("\n\n");

    assertThat(data(frames[frames.length - 1]).at("/error/code").asText())
        .isEqualTo("provider_failed");
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aClientThatDisconnectsEndsTheCallOfTheModel(boolean stream) throws IOException {
    var gate = new ReplyGate();
    provider.reply(Reply.text("one two three").withGate(gate));
    try (var socket = send(body("\"stream\": " + stream))) {
      await().until(() -> !provider.requests().isEmpty());
      if (stream) {
        gate.release(3);
        assertThat(socket.getInputStream().read()).isEqualTo('H');
      }
    }

    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aSlowReaderSlowsDownReadingFromTheProvider() throws IOException {
    var chunk =
        ("data: {\"choices\":[{\"delta\":{\"content\":\"" + "x".repeat(50_000) + "\"}}]}\n\n")
            .getBytes(StandardCharsets.UTF_8);
    var chunks = new byte[1_000][];
    Arrays.fill(chunks, chunk);
    provider.reply(Reply.raw("text/event-stream", chunks));

    try (var _ = send(body("\"stream\": true"))) {
      await().until(() -> !provider.requests().isEmpty());

      await().during(Duration.ofMillis(700)).until(() -> !provider.lastRequest().answered());
    }
  }

  @Test
  void theRehearsalModelExistsBesideAProvider() {
    var answer =
        ApiClient.user()
            .post(
                PATH,
                """
                {"model": "rehearsal", "messages": [{"role": "user", "content": "Hi"}]}
                """);

    assertThat(answer.json().at("/choices/0/message/content").asText())
        .startsWith("I am the rehearsal model");
    assertThat(provider.requests()).isEmpty();
  }

  private static Socket send(String body) throws IOException {
    var base = URI.create(ApiClient.base());
    var socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(new InetSocketAddress(base.getHost(), base.getPort()));
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    var head =
        "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(PATH, key(), bytes.length);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().write(bytes);
    return socket;
  }

  private static OpenAIClient sdk() {
    return OpenAIOkHttpClient.builder().baseUrl(ApiClient.base() + "/v1").apiKey(key()).build();
  }

  private static String key() {
    return ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class);
  }

  private static String body(String field) {
    return "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], "
        + field
        + "}";
  }

  private static JsonNode data(String frame) {
    return Json.tree(frame.substring("data: ".length()));
  }
}
