package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the stream of a caller shows of the runs that its calls are routed to. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RoutedStreamsTest extends RoutingFixture {
  @Test
  void theStreamOfTheCallerStaysOpenAndNamesTheRunOfTheCall() {
    var target = legalAdvisor();
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("Yes, by clause 5.").withGate(gate));
    var body =
        "{\"assistant_id\": \"%s\", \"stream\": true, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(frontDesk(target));
    try (var stream = api.stream("/v1/threads/runs", body)) {
      var run = stream.next("thread.run.in_progress").json();
      JsonNode routed = null;
      while (routed == null) {
        var call =
            stream.next("thread.run.step.delta").json().at("/delta/step_details/tool_calls/0");
        assertThat(call.path("type").asText()).isEqualTo("agent_routing");
        routed = call.has("run_id") ? call : null;
      }
      assertThat(routed.path("target_assistant_id").asText()).isEqualTo(target);
      assertThat(routedTo(routed).path("parent_run_id").asText()).isEqualTo(id(run));
      assertThat(status(run)).isEqualTo("in_progress");

      gate.open();

      var answered = stream.next("thread.run.step.delta").json();
      assertThat(answered.at("/delta/step_details/tool_calls/0/function/output").asText())
          .isEqualTo("Yes, by clause 5.");
      var rest = stream.rest();
      assertThat(rest.stream().map(frame -> frame.event()))
          .startsWith("thread.run.step.completed", "thread.run.step.created")
          .endsWith("thread.run.completed", "done")
          .doesNotContain("thread.run.requires_action", "thread.run.queued");
    }
  }

  @Test
  void aStreamThatIsAttachedLaterHasTheSameEvents() {
    var target = legalAdvisor();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("By clause 5."));
    var body =
        "{\"assistant_id\": \"%s\", \"stream\": true, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(frontDesk(target));
    List<String> live;
    JsonNode run;
    try (var stream = api.stream("/v1/threads/runs", body)) {
      run = stream.next("thread.run.created").json();
      live = stream.rest().stream().map(frame -> frame.field("data")).toList();
    }
    try (var stream = api.events(path(run) + "/events")) {
      var replayed = stream.rest();
      var deltas =
          replayed.stream().filter(f -> "thread.run.step.delta".equals(f.event())).toList();
      assertThat(deltas)
          .allMatch(
              f ->
                  f.json()
                      .at("/delta/step_details/tool_calls/0/type")
                      .asText()
                      .equals("agent_routing"));
      assertThat(live)
          .contains(
              deltas.stream()
                  .map(f -> f.field("data"))
                  .filter(data -> data.contains("run_id") || data.contains("output"))
                  .toArray(String[]::new));
    }
  }
}
