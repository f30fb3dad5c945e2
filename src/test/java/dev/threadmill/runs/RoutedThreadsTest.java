package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

/** The thread in which a target works. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RoutedThreadsTest extends RoutingFixture {
  @Test
  void aTargetContinuesInItsThreadIfTheToolSaysSo() {
    var target = legalAdvisor();
    var desk =
        runs.assistant(front, "", routing("delegate", ", \"threads\": \"continue\"", target));
    provider.replyTo(
        front,
        Reply.call("route_to_legal_advisor_ai", ASK),
        Reply.text("Yes."),
        Reply.call("route_to_legal_advisor_ai", "{\"message\": \"Since when?\"}"),
        Reply.text("Since May."));
    provider.replyTo(legal, Reply.text("By clause 5."), Reply.text("Since May."));

    var first = runs.run(desk, "Ask.");
    var thread = first.run().path("thread_id").asText();
    api.post("/v1/threads/" + thread + "/messages", HELLO);
    var second =
        runs.stopped(
            api.post("/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"" + desk + "\"}")
                .json());

    assertThat(second.calls().getFirst().path("thread_id"))
        .isEqualTo(first.calls().getFirst().path("thread_id"));
    var prompt =
        provider.requests().stream().filter(r -> r.model().equals(legal)).toList().getLast();
    assertThat(prompt.body().path("messages").toString())
        .contains("Is it binding?", "By clause 5.", "Since when?");
  }

  @Test
  void aTargetWorksInTheThreadThatIsNamed() {
    var target = legalAdvisor();
    var thread = api.post("/v1/threads", "{\"messages\": [" + HELLO + "]}").id();
    var desk =
        runs.assistant(
            front,
            "",
            "{\"type\": \"agent_routing\", \"targets\": [{\"assistant_id\": \"%s\", \"thread_id\": \"%s\"}]}"
                .formatted(target, thread));
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("By clause 5."));

    var run = runs.run(desk, "Ask.");

    assertThat(run.calls().getFirst().path("thread_id").asText()).isEqualTo(thread);
    assertThat(run.output(0)).isEqualTo("By clause 5.");
  }

  @Test
  void aNamedThreadThatIsInUseOrOfAnotherProjectIsAClearResult() {
    var target = legalAdvisor();
    var busy = api.post("/v1/threads", "{\"messages\": [" + HELLO + "]}").id();
    provider.replyTo(legal, Reply.hang());
    var other = api.post("/v1/threads/" + busy + "/runs", "{\"assistant_id\": \"" + target + "\"}");
    var strange = ApiClient.stranger().post("/v1/threads", null).id();
    var desk =
        runs.assistant(
            front,
            "",
            """
            {"type": "agent_routing", "targets": [
              {"assistant_id": "%s", "thread_id": "%s"}, {"assistant_id": "%s", "thread_id": "%s"}]}
            """
                .formatted(target, busy, target, strange));
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "route_to_legal_advisor_ai", ASK),
            new Reply.Call("b", "route_to_legal_advisor_ai_2", ASK)),
        Reply.text("Nobody."));

    var run = runs.run(desk, "Ask.");

    assertThat(run.output(0)).startsWith(error("thread_busy"));
    assertThat(run.output(1)).startsWith(error("thread_not_found"));
    api.post(path(other.json()) + "/cancel", null);
  }
}
