package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses that are cancelled or deleted while they are made. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ResponseInterruptsTest extends ResponsesFixture {
  private static final String TEXT = "response.output_text.delta";
  private static final List<String> ENDS =
      List.of("response.completed", "response.failed", "response.incomplete");

  private static String path(JsonNode response) {
    return "/v1/responses/" + response.path("id").asText();
  }

  private JsonNode background(String fields) {
    return create(fields + ", \"background\": true");
  }

  private void cancel(JsonNode response) {
    var cancelled = user.post(path(response) + "/cancel", null);
    assertThat(cancelled.json().path("status").asText()).isEqualTo("cancelled");
    until(response, "cancelled");
  }

  @Test
  void aCancelledResponseKeepsWhatItHasAndItsReplayIsTheSame() {
    provider.replyTo(model, Reply.text("one two three").withGate(gate));
    var response = background("\"input\": \"Go\"");
    List<SseStream.Frame> live;
    try (var stream = user.events(path(response) + "?stream=true")) {
      gate.release(3);
      stream.next(TEXT);
      cancel(response);
      live = stream.rest();
    }

    var stored = user.get(path(response)).json();
    assertThat(stored.at("/output/0/status").asText()).isEqualTo("incomplete");
    assertThat(text(stored)).startsWith("one ");
    assertThat(SseStream.names(live)).contains("response.output_item.done");
    assertThat(SseStream.names(live)).doesNotContainAnyElementsOf(ENDS);
    try (var replay = user.events(path(response) + "?stream=true")) {
      assertThat(replay.rest()).endsWith(live.toArray(SseStream.Frame[]::new));
    }
  }

  @Test
  void aCallThatACancellationCutsOffIsIncompleteAndNeedsNoOutput() {
    provider.replyTo(
        model, Reply.call("ask", "{\"a\": \"b\"}").withGate(gate), Reply.text("Never mind."));
    var response = background("\"input\": \"Go\", " + TOOL);
    try (var stream = user.events(path(response) + "?stream=true")) {
      gate.release(2);
      stream.next("response.function_call_arguments.delta");
      cancel(response);
      gate.open();
    }

    var call = user.get(path(response)).json().at("/output/0");
    assertThat(call.path("type").asText()).isEqualTo("function_call");
    assertThat(call.path("status").asText()).isEqualTo("incomplete");
    var next =
        create(
            """
            "previous_response_id": "%s", "input": [{"type": "function_call_output",
              "call_id": "%s", "output": "too late"}, {"role": "user", "content": "Go on"}]"""
                .formatted(response.path("id").asText(), call.path("call_id").asText()));
    assertThat(text(next)).isEqualTo("Never mind.");
  }

  @Test
  void aCompactionThatIsCancelledLeavesTheConversationFree() {
    provider.replyTo(
        model,
        Reply.text("word ".repeat(1_500)),
        Reply.text("A summary.").withGate(gate),
        Reply.text("Free."));
    var id = user.post("/v1/conversations", "{}").id();
    var inIt = "\"input\": \"Go on\", \"conversation\": \"%s\"".formatted(id);
    create(inIt);
    var response =
        background(
            inIt
                + ", \"context_management\": [{\"type\": \"compaction\", \"compact_threshold\": 1000}]");
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> gate.waiting() > 0);

    var locked = user.post("/v1/responses", body(inIt));
    cancel(response);
    gate.open();

    assertThat(locked.status()).isEqualTo(400);
    assertThat(locked.error().path("code").asText()).isEqualTo("conversation_locked");
    assertThat(user.get(path(response)).json().path("output")).isEmpty();
    assertThat(text(create(inIt))).isEqualTo("Free.");
  }

  @Test
  void aResponseThatIsDeletedWhileItIsStreamedEndsItsStream() {
    provider.replyTo(model, Reply.text("one two three").withGate(gate));
    var response = background("\"input\": \"Go\"");
    try (var stream = user.events(path(response) + "?stream=true")) {
      gate.release(3);
      stream.next(TEXT);
      assertThat(user.delete(path(response)).status()).isEqualTo(200);
      assertThat(SseStream.names(stream.rest())).doesNotContainAnyElementsOf(ENDS);
    }

    assertThat(user.get(path(response)).status()).isEqualTo(404);
    assertThat(user.post(path(response) + "/cancel", null).status()).isEqualTo(404);
    var next =
        user.post(
            "/v1/responses",
            body(
                "\"input\": \"Go\", \"previous_response_id\": \"%s\""
                    .formatted(response.path("id").asText())));
    assertThat(next.error().path("code").asText()).isEqualTo("previous_response_not_found");
  }

  @Test
  void aConversationThatIsDeletedWhileAResponseIsMadeEndsTheResponse() throws Exception {
    provider.replyTo(model, Reply.text("one two three").withGate(gate));
    var id = user.post("/v1/conversations", "{}").id();
    var inIt = "\"input\": \"Go\", \"stream\": true, \"conversation\": \"%s\"".formatted(id);
    try (var stream = user.stream("/v1/responses", body(inIt))) {
      var response = stream.next().json().at("/response/id").asText();
      gate.release(3);
      stream.next(TEXT);
      assertThat(user.delete("/v1/conversations/" + id).status()).isEqualTo(200);
      assertThat(SseStream.names(stream.rest())).doesNotContain("response.completed");
      assertThat(user.get("/v1/responses/" + response).status()).isEqualTo(404);
    }
  }
}
