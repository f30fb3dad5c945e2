package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.A2aTestAgent;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.a2a.spec.TaskState;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Assistants that route messages to agents of other servers over A2A. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RemoteAgentsTest extends RemoteAgentsFixture {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Test
  void aMessageToARemoteAgentWaitsForItsTask() {
    try (var peer = new A2aTestAgent()) {
      // When
      var started =
          runs.start(
              assistant(peer.url(), ", \"headers\": {\"Authorization\": \"Bearer s3cret\"}"), "Go");
      await().atMost(PATIENCE).until(() -> peer.calls().size() >= 3);
      peer.end(TaskState.COMPLETED, "Sunny.");
      var run = runs.stopped(started);

      // Then
      assertThat(run.status()).describedAs(run.run().toString()).isEqualTo("completed");
      assertThat(run.output(0)).isEqualTo("Sunny.");
      assertThat(peer.messages()).hasSize(1);
      assertThat(peer.messages().getFirst().getMessageId())
          .isEqualTo(run.calls().getFirst().path("id").asText());
      assertThat(peer.calls()).allMatch(c -> "Bearer s3cret".equals(c.header("authorization")));
      assertThat(run.run().toString()).doesNotContain("s3cret");
      assertThat(provider.requests().getFirst().body().at("/tools/0/function/description").asText())
          .contains("Weather Man", "Knows the weather");
    }
  }

  @Test
  void anAssistantOfAnotherProjectIsReachedOverA2a() {
    // Given
    var key = ApiClient.strangersKey();
    var elsewhere = ApiClient.withKey(key);
    var there =
        elsewhere
            .post(
                "/v1/assistants",
                "{\"model\": \"gpt-remote\", \"exposure\": {\"a2a\": true}, \"instructions\": \"x\"}")
            .id();
    provider.replyTo("gpt-remote", Reply.text("Sunny there."));
    var assistant =
        assistant(
            ApiClient.base().replace("localhost", "127.0.0.1") + "/v1/a2a/" + there,
            ", \"headers\": {\"Authorization\": \"Bearer " + key + "\"}");

    // When
    var run = runs.run(assistant, "Go");

    // Then
    assertThat(run.status()).describedAs(run.run().toString()).isEqualTo("completed");
    assertThat(run.output(0)).isEqualTo("Sunny there.");
    var thread = elsewhere.get("/v1/threads").json().at("/data/0/id").asText();
    var theirs = elsewhere.get("/v1/threads/" + thread + "/runs").json().at("/data/0");
    assertThat(theirs.at("/metadata/a2a_message_id").asText())
        .isEqualTo(run.calls().getFirst().path("id").asText());
  }

  @Test
  void aFileThatIsAttachedForAnAgentIsDescribedInTheMetadataOfItsMessage() {
    var file =
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "card.json", "application/json", new byte[] {'{', '}'})
            .post(api, "/v1/files")
            .id();
    try (var peer = agent(RecordingServer.json(200, DONE))) {
      var run =
          runs.runWithFile(assistant(peer.url(""), ""), file, "payment", "route_to_weather_man");

      assertThat(run.output(0)).isEqualTo("Sunny.");
      assertThat(peer.calls().getLast().body())
          .contains("\"metadata\":{\"threadmill/files\":[{\"file_id\":\"" + file + "\"");
    }
  }

  @Test
  void cancellingTheRunCancelsTheTask() {
    try (var peer = new A2aTestAgent()) {
      var started = runs.start(assistant(peer.url(), ""), "Go");
      await().atMost(PATIENCE).until(() -> peer.calls().size() >= 3);

      api.post(ToolRuns.path(started) + "/cancel", null);

      assertThat(runs.stopped(started).status()).isEqualTo("cancelled");
      await().atMost(PATIENCE).until(() -> peer.state() == TaskState.CANCELED);
    }
  }

  @Test
  void theTaskOfAnAgentThatExceedsItsTimeIsCancelled() {
    try (var peer = new A2aTestAgent()) {
      var run = runs.run(assistant(peer.url(), ", \"timeout_ms\": 1000"), "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.output(0)).contains("agent_timeout");
      assertThat(peer.state()).isEqualTo(TaskState.CANCELED);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FAILED, agent_failed",
    "REJECTED, agent_rejected",
    "CANCELED, agent_canceled",
    "INPUT_REQUIRED, agent_needs_input",
    "UNKNOWN, answer_unusable"
  })
  void aTaskThatDoesNotCompleteIsAnErrorForTheModel(TaskState state, String type) {
    try (var peer = new A2aTestAgent()) {
      var started = runs.start(assistant(peer.url(), ""), "Go");
      await().atMost(PATIENCE).until(() -> peer.calls().size() >= 3);
      peer.end(state, "because");

      var run = runs.stopped(started);

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.output(0)).contains(type);
    }
  }

  @ParameterizedTest
  @CsvSource({"retry, Sunny.", "fail, http_500", "ask, ''"})
  void thePolicyOfTheTargetDecidesAnUnknownOutcome(String policy, String output) {
    var tries = new AtomicInteger();
    try (var receiver =
        agent(
            (exchange, _) ->
                RecordingServer.reply(
                    exchange,
                    tries.incrementAndGet() == 1 ? 500 : 200,
                    "application/json",
                    DONE))) {
      var run = runs.run(assistant(receiver.url(""), ", \"on_unknown\": \"" + policy + "\""), "Go");

      assertThat(run.status()).isEqualTo(policy.equals("ask") ? "requires_action" : "completed");
      assertThat(run.output(0).equals("null") ? "" : run.output(0)).contains(output);
      assertThat(
              receiver.calls().stream()
                  .filter(c -> c.method().equals("POST"))
                  .map(RecordingServer.ReceivedRequest::body)
                  .distinct())
          .hasSize(1);
    }
  }

  @Test
  void aBusyAgentIsRetried() {
    var tries = new AtomicInteger();
    try (var receiver =
        agent(
            (exchange, _) ->
                RecordingServer.reply(
                    exchange, tries.incrementAndGet() < 3 ? 503 : 200, "application/json", DONE))) {
      var run = runs.run(assistant(receiver.url(""), ", \"on_unknown\": \"fail\""), "Go");

      assertThat(run.output(0)).isEqualTo("Sunny.");
      assertThat(tries).hasValue(3);
    }
  }

  @Test
  void credentialsDoNotFollowACardToAnotherOrigin() {
    try (var other = RecordingServer.start();
        var receiver = RecordingServer.start()) {
      other.on("/rpc", RecordingServer.json(200, DONE));
      receiver.on(CARD, RecordingServer.json(200, card(other.url("/rpc"))));

      var run =
          runs.run(
              assistant(receiver.url(""), ", \"headers\": {\"Authorization\": \"Bearer s3cret\"}"),
              "Go");

      assertThat(run.output(0)).isEqualTo("Sunny.");
      assertThat(receiver.calls().getFirst().header("authorization")).isEqualTo("Bearer s3cret");
      assertThat(other.calls().getFirst().header("authorization")).isNull();
    }
  }

  @Test
  void allowedDomainsHoldForAgentsToo() {
    try (var receiver = agent(RecordingServer.json(200, DONE))) {
      var assistant =
          runs.assistant(
              "gpt-4o",
              "\"safety\": {\"allowed_domains\": [\"example.com\"]},",
              tool(receiver.url(""), ""));

      var run = runs.run(assistant, "Go");

      assertThat(run.output(0)).contains("not_allowed");
      assertThat(receiver.calls()).isEmpty();
    }
  }

  @Test
  void secretsAreKeptAndNeverShown() {
    var assistant =
        assistant("https://a.example", ", \"headers\": {\"Authorization\": \"Bearer s3cret\"}");

    var shown = api.get("/v1/assistants/" + assistant);
    assertThat(shown.text()).doesNotContain("s3cret").contains("\"Authorization\":\"***\"");
    var target = shown.json().at("/tools/0/agent_routing/targets/0");
    assertThat(target.path("type").asText()).isEqualTo("a2a");
    var again =
        api.post(
            "/v1/assistants/" + assistant, "{\"tools\": %s}".formatted(shown.json().path("tools")));
    assertThat(again.status()).describedAs(again.text()).isEqualTo(200);
    var elsewhere =
        api.post(
            "/v1/assistants/" + assistant,
            "{\"tools\": %s}"
                .formatted(
                    shown.json().path("tools").toString().replace("a.example", "b.example")));
    assertThat(elsewhere.status()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type": "a2a"}                                                        | url
          {"type": "a2a", "url": "nonsense", "name": "x"}                        | url
          {"type": "a2a", "url": "https://a.example"}                            | name
          {"type": "a2a", "url": "https://a.example", "name": "x", "more": 1}    | type
          {"type": "a2a", "url": "https://a.example", "name": "x", "timeout_ms": 1} | timeout_ms
          {"type": "a2a", "url": "https://a.example", "name": "x", "headers": {"Host": "y"}} | headers
          {"type": "a2a", "url": "https://a.example", "name": "x"}, {"type": "a2a", "url": "https://b.example", "name": "x"} | name
          """)
  void aTargetThatIsWrongIsRefusedAndNamed(String targets, String field) {
    var answer =
        api.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"tools\": [{\"type\": \"agent_routing\", \"agent_routing\":"
                + " {\"targets\": ["
                + targets
                + "]}}]}");

    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).contains(field);
  }

  @Test
  void aConversationCannotBeHandedOverToARemoteAgent() {
    var answer =
        api.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"tools\": [{\"type\": \"agent_routing\", \"agent_routing\":"
                + " {\"mode\": \"handoff\", \"targets\": [{\"type\": \"a2a\", \"url\":"
                + " \"https://a.example\", \"name\": \"x\"}]}}]}");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).contains("mode");
  }
}
