package dev.threadmill.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of requests in docs/compatibility.md that go beyond those of the SDKs. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RequestFormsTest {
  private static final String CHAT = "/v26/chat/completions";

  FakeProvider provider;
  private final ApiClient api = ApiClient.user();

  @BeforeEach
  void resetProvider() {
    provider.reset();
  }

  @Test
  void aPinnedModelIsNamedAsTheProviderSpellsItAndOldHeadersAreAccepted() {
    provider.reply(Reply.text("Hello!"));

    var completion =
        api.with("OpenAI-Beta", "assistants=v2")
            .with("OpenAI-Log-Level", "debug")
            .post(CHAT, chat("gpt-4.5-mini@2026-04-15", "\"Hello world\"", ""));

    assertThat(completion.json().at("/choices/0/message/content").asText()).isEqualTo("Hello!");
    assertThat(provider.lastRequest().model()).isEqualTo("gpt-4.5-mini-2026-04-15");
  }

  @Test
  void aPrivateEndpointIsAnAlias() {
    provider.reply(Reply.text("Hello!"));

    var path = "/v26/private/acme-inc/chat/completions";

    assertThat(api.post(path, chat("gpt-4.5-mini", "\"x\"", "")).status()).isEqualTo(200);
  }

  @Test
  void aFlatImageIsSentAsTheStandardPart() {
    provider.reply(Reply.text("A receipt."));

    var parts =
        """
        [{"type": "text", "text": "Describe"},
         {"type": "image_url", "url": "https://example.com/receipt.jpg"}]""";

    assertThat(api.post(CHAT, chat("gpt-4.5-mini", parts, "")).status()).isEqualTo(200);
    assertThat(provider.lastRequest().body().at("/messages/0/content/1/image_url/url").asText())
        .isEqualTo("https://example.com/receipt.jpg");
  }

  @Test
  void flatAudioIsSentAsTheStandardPart() {
    provider.reply(Reply.text("A voice."));

    var parts = "[{\"type\": \"audio\", \"data\": \"UklGRg==\"}]";

    assertThat(api.post(CHAT, chat("gpt-4.5-mini", parts, "")).status()).isEqualTo(200);
    assertThat(provider.lastRequest().body().at("/messages/0/content/0/input_audio/data").asText())
        .isEqualTo("UklGRg==");
  }

  @Test
  void aFlatFunctionIsCalled() {
    provider.reply(Reply.call("get_weather", "{\"city\": \"Tokyo\"}"));

    var tools =
        """
        , "tools": [{"type": "function", "name": "get_weather", "description": "Get the weather",
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]""";
    var completion = api.post(CHAT, chat("gpt-4.5-mini", "\"Weather in Tokyo?\"", tools));

    assertThat(completion.json().at("/choices/0/message/tool_calls/0/function/name").asText())
        .isEqualTo("get_weather");
    assertThat(provider.lastRequest().body().at("/tools/0/function/name").asText())
        .isEqualTo("get_weather");
  }

  @Test
  void speechOfAModelThatCannotSpeakIsRefused() {
    var refused =
        api.post(CHAT, chat("gpt-4.5-mini", "\"x\"", ", \"output\": [\"text\", \"audio\"]"));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().at("/error/param").asText()).isEqualTo("output");
  }

  @ParameterizedTest
  @ValueSource(strings = {"images/generations", "audio/transcriptions", "batches"})
  void anEndpointThatDoesNotExistIsNamed(String endpoint) {
    var missing = api.post("/v1/" + endpoint, "{}");

    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.json().at("/error/message").asText()).contains("/v1/" + endpoint);
  }

  @Test
  void aThreadOfAnAssistantStreamsTheAnswerToAMessageAndHasAMemory() {
    provider.otherwise(_ -> Reply.text("Hello!"));
    var assistant = api.post("/v2/assistants", "{\"model\": \"gpt-4.5-mini\"}").id();
    var thread =
        api.post(
            "/v2/threads",
            """
            {"assistant_id": "%s", "metadata": {"case_id": "CASE-2026-0456"}}"""
                .formatted(assistant));
    var path = "/v2/threads/" + thread.id();
    var message = api.post(path + "/messages", "{\"role\": \"user\", \"content\": \"Hi\"}").id();

    try (var events = api.events(path + "/messages/" + message + "/stream")) {
      assertThat(events.next("thread.run.completed")).isNotNull();
    }
    assertThat(api.get(path + "/memory").json().path("object").asText()).isEqualTo("thread.memory");
  }

  @Test
  void aFlatWebhookIsATool() {
    var made =
        api.post(
            "/v2/assistants",
            """
            {"model": "gpt-4.5-mini", "tools": [{"type": "webhook",
              "endpoint": "https://api.example.com/v57.0/sobjects/Case",
              "auth": {"type": "oauth2", "token_url": "https://login.example.com/oauth2/token"}}]}
            """);

    assertThat(made.status()).as(made.text()).isEqualTo(200);
    assertThat(made.json().at("/tools/0/webhook/endpoint").asText())
        .isEqualTo("https://api.example.com/v57.0/sobjects/Case");
  }

  @Test
  void aProjectWithADescriptionHasLimits() {
    var admin = ApiClient.admin();

    var project =
        admin.post(
            "/v2/projects",
            """
            {"name": "Customer Support AI", "description": "Handles tickets",
             "assistant_type": "customer_service"}""");

    assertThat(project.status()).isEqualTo(200);
    assertThat(admin.get("/v2/projects/" + project.id() + "/limits").json().path("object").asText())
        .isEqualTo("project.limits");
  }

  private static String chat(String model, String content, String more) {
    return """
        {"model": "%s", "messages": [{"role": "user", "content": %s}]%s}"""
        .formatted(model, content, more);
  }
}
