package dev.threadmill.protocols.a2a;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An assistant as an A2A agent. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class A2aServerTest extends A2aServerFixture {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Test
  void aMessageIsAnsweredByATaskOfVersionOne() {
    // Given
    provider.reply(Reply.text("Good morning."));

    // When
    var task = call("SendMessage", said("Hello")).at("/result/task");

    // Then
    assertThat(task.at("/status/state").asText()).isEqualTo("TASK_STATE_COMPLETED");
    assertThat(task.at("/status/timestamp").asText()).endsWith("Z");
    assertThat(task.at("/artifacts/0/parts/0/text").asText()).isEqualTo("Good morning.");
    assertThat(task.findValues("kind")).isEmpty();
    assertThat(task.path("contextId").asText()).startsWith("thread_");
    var again = call("GetTask", params().put("id", task.path("id").asText())).path("result");
    assertThat(again).isEqualTo(task);
  }

  @Test
  void aStreamStartsWithTheTaskAndEndsWithItsLastStatus() {
    // Given
    provider.reply(Reply.text("One two three"));

    // When
    List<SseStream.Frame> frames;
    try (var stream = api.stream(path, request("SendStreamingMessage", said("Count")))) {
      frames = stream.rest();
    }

    // Then
    assertThat(frames.getFirst().json().at("/result/task/id").isTextual()).isTrue();
    assertThat(frames.getFirst().json().path("id").asInt()).isEqualTo(1);
    assertThat(streamed(frames)).isEqualTo("One two three");
    assertThat(frames.getLast().json().at("/result/statusUpdate/status/state").asText())
        .isEqualTo("TASK_STATE_COMPLETED");
  }

  @Test
  void aBrokenStreamResumesBehindItsLastEvent() {
    // Given
    var gate = new ReplyGate();
    provider.reply(Reply.text("One two three").withGate(gate));
    String task;
    String seen;
    String before;
    try (var stream = api.stream(path, request("SendStreamingMessage", said("Count")))) {
      task = stream.next().json().at("/result/task/id").asText();
      gate.release(3);
      var frame = stream.next();
      while (!frame.json().at("/result").has("artifactUpdate")) {
        frame = stream.next();
      }
      seen = frame.id();
      before = streamed(List.of(frame));
    }

    // When
    List<SseStream.Frame> rest;
    try (var stream =
        api.with("Last-Event-ID", seen).stream(
            path, request("SubscribeToTask", params().put("id", task)))) {
      gate.open();
      rest = stream.rest();
    }

    // Then
    assertThat(before + streamed(rest)).isEqualTo("One two three");
    assertThat(rest.getFirst().json().at("/result").has("task")).isFalse();
    assertThat(rest)
        .allMatch(
            frame ->
                !frame.json().at("/result/artifactUpdate/append").isBoolean()
                    || frame.json().at("/result/artifactUpdate/append").asBoolean());
  }

  @Test
  void aMessageThatIsSentAgainStartsNoOtherTask() {
    // Given
    provider.reply(Reply.text("Once."), Reply.text("Twice."), Reply.text("Thrice."));
    var message = said("Hello");

    // When
    var first = call("SendMessage", message).at("/result/task");
    var again = call("SendMessage", message).at("/result/task");
    var other = message.deepCopy();
    ((ObjectNode) other.at("/message/parts/0")).put("text", "Something else");
    var different = call("SendMessage", other).at("/result/task");

    // Then
    assertThat(again.path("id")).isEqualTo(first.path("id"));
    assertThat(different.path("id")).isNotEqualTo(first.path("id"));
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void aClientThatDoesNotWaitPollsTheTask() {
    // Given
    var gate = new ReplyGate();
    provider.reply(Reply.text("Done.").withGate(gate));
    var message = said("Hello");
    message.putObject("configuration").put("returnImmediately", true);

    // When
    var task = call("SendMessage", message).at("/result/task");
    gate.open();

    // Then
    assertThat(task.at("/status/state").asText())
        .isIn("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING");
    var id = params().put("id", task.path("id").asText());
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                call("GetTask", id)
                    .at("/result/status/state")
                    .asText()
                    .equals("TASK_STATE_COMPLETED"));
  }

  @Test
  void filesAndDataReachTheModel() {
    // Given
    var message = said("Look");
    var parts = message.withArray("/message/parts");
    parts.addObject().putObject("data").put("city", "Rome");
    parts.addObject().put("raw", base64("some notes")).put("mediaType", "text/plain");
    parts.addObject().put("url", "https://example.com/a.png").put("mediaType", "image/png");

    // When
    var task = call("SendMessage", message).at("/result/task");

    // Then
    assertThat(task.at("/status/state").asText()).isEqualTo("TASK_STATE_COMPLETED");
    assertThat(provider.lastRequest().body().toString())
        .contains("Rome", "some notes", "https://example.com/a.png");
  }

  @Test
  void aCardIsReadableWithoutAKeyOnlyIfItIsPublic() {
    var open = "/v1/a2a/" + agent("\"exposure\": {\"a2a\": true, \"public_card\": true}");
    var notAnAgent = "/v1/a2a/" + agent("\"exposure\": {\"public_card\": true}");
    var card = "/.well-known/agent-card.json";

    var shown = ApiClient.anonymous().get(open + card);
    assertThat(shown.status()).describedAs(shown.text()).isEqualTo(200);
    assertThat(shown.json().at("/supportedInterfaces/0/protocolVersion").asText()).isEqualTo("1.0");
    assertThat(shown.json().at("/supportedInterfaces/0/url").asText())
        .isEqualTo(ApiClient.base() + open);
    assertThat(ApiClient.anonymous().get(path + card).status()).isEqualTo(401);
    assertThat(ApiClient.anonymous().get(notAnAgent + card).status()).isEqualTo(401);
    assertThat(ApiClient.anonymous().get("/v1/a2a/asst_of_nobody" + card).status()).isEqualTo(401);
    assertThat(ApiClient.withKey("sk-wrong").get(open + card).status()).isEqualTo(401);
    assertThat(ApiClient.stranger().get(open + card).status()).isEqualTo(404);
    assertThat(api.get("/v26/a2a/" + agent + card).status()).isEqualTo(200);
  }

  private static String base64(String text) {
    return Base64.getEncoder()
        .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
