package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.execution.HandoffProjection;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.streams.LoadRun;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class HandoffTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String OVER = "{\"message\": \"They ask about clause 5.\"}";
  private static final String ANSWER = "Clause 5 is binding, and it will stay so.";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final String front = model("front");
  private final String legal = model("legal");

  FakeProvider provider;

  @Inject SettableClock clock;
  @Inject LoadRun loadRun;
  @Inject Jdbc jdbc;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void now() {
    clock.reset();
  }

  private static String model(String name) {
    return name + "-" + UUID.randomUUID();
  }

  private static String handoff(String target) {
    return "{\"type\": \"agent_routing\", \"targets\": [\"%s\"], \"mode\": \"handoff\"}"
        .formatted(target);
  }

  private String lawyer(String... tools) {
    return runs.assistant(legal, "\"name\": \"Lawyer\",", tools);
  }

  private String desk(String target) {
    return runs.assistant(front, "", handoff(target));
  }

  private static String path(JsonNode run) {
    return "/v1/threads/" + run.path("thread_id").asText() + "/runs/" + run.path("id").asText();
  }

  private SseStream stream(String assistant) {
    return api.stream(
        "/v1/threads/runs",
        "{\"assistant_id\": \"%s\", \"stream\": true, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(assistant));
  }

  private JsonNode answering(JsonNode run) {
    var calls =
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(20))
            .until(
                () ->
                    api.get(path(run) + "/steps?order=asc")
                        .json()
                        .at("/data/0/step_details/tool_calls/0"),
                call -> call.has("run_id"));
    return api.get(
            "/v1/threads/%s/runs/%s"
                .formatted(calls.path("thread_id").asText(), calls.path("run_id").asText()))
        .json();
  }

  private void awaitStatus(JsonNode run, String status) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> assertThat(api.get(path(run)).json().path("status").asText()).isEqualTo(status));
  }

  @Test
  void theTargetsAnswerIsTheAnswerOfTheRun() {
    var target = lawyer();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER));

    var run = runs.run(desk(target), "Is clause 5 binding?");

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    assertThat(runs.lastText(run)).isEqualTo(ANSWER);
    assertThat(run.output(0)).contains("taken over");
    assertThat(run.calls().getFirst().path("mode").asText()).isEqualTo("handoff");
    var thread = run.run().path("thread_id").asText();
    var said = api.get("/v1/threads/" + thread + "/messages?limit=1").json().at("/data/0");
    assertThat(said.path("assistant_id").asText()).isEqualTo(target);
    assertThat(said.path("run_id")).isEqualTo(run.run().path("id"));
    assertThat(run.run().at("/usage/completion_tokens").asInt()).isEqualTo(5 + 9);
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void theAnswerIsStreamedPieceByPieceInTheThreadOfTheCaller() {
    var target = lawyer();
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER).withGate(gate));
    try (var stream = stream(desk(target))) {
      var run = stream.next("thread.run.in_progress").json();
      stream.next("thread.run.step.completed");
      gate.release(4);
      var created = stream.next("thread.message.created").json();
      assertThat(created.path("thread_id")).isEqualTo(run.path("thread_id"));
      assertThat(created.path("assistant_id").asText()).isEqualTo(target);
      var text = new StringBuilder();
      while (text.length() < "Clause 5 ".length()) {
        text.append(delta(stream.next("thread.message.delta").json()));
      }
      assertThat(api.get(path(run)).json().path("status").asText()).isEqualTo("in_progress");

      gate.open();

      var rest = stream.rest();
      rest.stream()
          .filter(frame -> "thread.message.delta".equals(frame.event()))
          .forEach(frame -> text.append(delta(frame.json())));
      assertThat(text.toString()).isEqualTo(ANSWER);
      assertThat(SseStream.names(rest.stream().filter(f -> !f.event().endsWith("delta")).toList()))
          .containsExactly(
              "thread.message.completed",
              "thread.run.step.completed",
              "thread.run.completed",
              "done");
      var stored =
          api.get("/v1/threads/" + run.path("thread_id").asText() + "/messages?limit=1")
              .json()
              .at("/data/0/id");
      assertThat(stored).isEqualTo(created.path("id"));
    }
  }

  @Test
  void anAnswerThatIsStoredWhileAReaderLooksHasTheIdThatItIsToldUnder() {
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER).withGate(gate));
    try (var stream = stream(desk(lawyer()))) {
      var run = stream.next("thread.run.in_progress").json();
      gate.release(4);
      stream.next("thread.message.created");
      var before = stored(run);
      gate.open();
      awaitStatus(run, "completed");
      var after = stored(run);
      var answering = stored(answering(run));

      // The run as it was read before the other one ended, and everything that is read after it as
      // it is.
      var caught =
          new StoredRun(
              before.run(),
              after.steps(),
              after.messages(),
              before.thread(),
              before.journal(),
              answering);

      var projected = HandoffProjection.project(caught);
      assertThat(projected.steps())
          .extracting(step -> step.id())
          .isEqualTo(after.steps().stream().map(step -> step.id()).toList());
      assertThat(projected.messages().keySet()).isEqualTo(after.messages().keySet());
    }
  }

  private StoredRun stored(JsonNode run) {
    var thread = new ThreadId(run.path("thread_id").asText());
    var id = new RunId(run.path("id").asText());
    var project =
        jdbc.one(
                "SELECT project_id FROM runs WHERE thread_id = ? AND id = ?",
                row -> row.text("project_id", ProjectId::new),
                thread,
                id)
            .orElseThrow();
    return loadRun.load(project, thread, id).orElseThrow();
  }

  private static String delta(JsonNode message) {
    return message.at("/delta/content/0/text/value").asText();
  }

  @Test
  void aReaderWhoComesBackInTheMiddleOfTheAnswerMissesNothing() {
    var target = lawyer();
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER).withGate(gate));
    JsonNode run;
    String lastId;
    var text = new StringBuilder();
    try (var stream = stream(desk(target))) {
      run = stream.next("thread.run.in_progress").json();
      gate.release(5);
      var first = stream.next("thread.message.delta");
      text.append(delta(first.json()));
      lastId = first.id();
    }

    gate.open();
    awaitStatus(run, "completed");

    try (var stream = api.with("Last-Event-ID", lastId).events(path(run) + "/events")) {
      for (var frame : stream.rest()) {
        if ("thread.message.delta".equals(frame.event())) {
          text.append(delta(frame.json()));
        }
        assertThat(frame.event()).isNotEqualTo("thread.message.created");
      }
    }
    assertThat(text.toString()).isEqualTo(ANSWER);
    try (var stream = api.events(path(run) + "/events")) {
      assertThat(stream.rest().stream().map(SseStream.Frame::event))
          .containsOnlyOnce("thread.message.created", "thread.message.completed")
          .endsWith("thread.run.completed", "done");
    }
  }

  @Test
  void theTargetAnswersTheUserFromThenOnUnlessAnotherIsNamed() {
    var target = lawyer();
    var desk = desk(target);
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER), Reply.text("From the desk."));
    provider.replyTo(legal, Reply.text(ANSWER), Reply.text("From the lawyer."));
    var first = runs.run(desk, "Is clause 5 binding?");
    var thread = "/v1/threads/" + first.run().path("thread_id").asText();
    var hello = "{\"role\": \"user\", \"content\": \"And clause 6?\"}";

    assertThat(api.get(thread).json().path("assistant_id").asText()).isEqualTo(target);
    api.post(thread + "/messages", hello);
    var second = runs.stopped(api.post(thread + "/runs", "{}").json());
    assertThat(second.run().path("assistant_id").asText()).isEqualTo(target);
    assertThat(runs.lastText(second)).isEqualTo("From the lawyer.");
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("Is clause 5 binding?", ANSWER, "And clause 6?");
    var third =
        runs.stopped(api.post(thread + "/runs", "{\"assistant_id\": \"" + desk + "\"}").json());
    assertThat(runs.lastText(third)).isEqualTo("From the desk.");
  }

  @Test
  void whatIsHandedOverMayBeHandedOnAndIsToldByAllOfThem() {
    var judge = model("judge");
    var last = runs.assistant(judge, "\"name\": \"Judge\",");
    var target = lawyer(handoff(last));
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.call("route_to_judge", OVER));
    provider.replyTo(judge, Reply.text(ANSWER).withGate(gate));
    try (var stream = stream(desk(target))) {
      var run = stream.next("thread.run.in_progress").json();
      gate.release(5);
      stream.next("thread.message.delta");
      gate.open();
      stream.next("thread.run.completed");

      var ended = runs.stopped(run);
      assertThat(runs.lastText(ended)).isEqualTo(ANSWER);
      assertThat(runs.lastText(runs.stopped(answering(run)))).isEqualTo(ANSWER);
      assertThat(ended.run().at("/usage/completion_tokens").asInt()).isEqualTo(5 + 5 + 9);
      assertThat(
              api.get("/v1/threads/" + run.path("thread_id").asText())
                  .json()
                  .path("assistant_id")
                  .asText())
          .isEqualTo(last);
    }
  }

  @Test
  void aRunThatHasHandedOverEndsAsTheOneThatAnswers() {
    var target = lawyer();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.error(400, "bad", "The model is broken."));

    var run = runs.run(desk(target), "Is clause 5 binding?");

    assertThat(run.status()).isEqualTo("failed");
    assertThat(run.run().at("/last_error/message").asText()).contains("The model is broken.");
    assertThat(
            api.get("/v1/threads/" + run.run().path("thread_id").asText())
                .json()
                .path("assistant_id")
                .isNull())
        .isTrue();
  }

  @Test
  void cancellingARunThatHasHandedOverCutsTheAnswerForBoth() {
    var target = lawyer();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER).hangAfter(4));
    try (var stream = stream(desk(target))) {
      var run = stream.next("thread.run.in_progress").json();
      stream.next("thread.message.delta");

      var answer = api.post(path(run) + "/cancel", null);

      assertThat(answer.json().path("status").asText()).isEqualTo("cancelling");
      stream.next("thread.message.incomplete");
      stream.next("thread.run.cancelled");
      awaitStatus(answering(run), "cancelled");
      awaitStatus(run, "cancelled");
      var said = api.get("/v1/threads/" + run.path("thread_id").asText() + "/messages?limit=1");
      assertThat(said.json().at("/data/0/status").asText()).isEqualTo("incomplete");
    }
  }

  @Test
  void aHandoffAmongOtherCallsIsRefusedAndTheOthersAreMade() {
    var target = lawyer();
    var other = model("other");
    var helper = runs.assistant(other, "\"name\": \"Helper\",");
    var desk =
        runs.assistant(
            front,
            "",
            handoff(target),
            "{\"type\": \"agent_routing\", \"targets\": [\"" + helper + "\"]}");
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "route_to_lawyer", OVER),
            new Reply.Call("b", "route_to_helper", OVER)),
        Reply.text("Done."));
    provider.replyTo(other, Reply.text("Helped."));

    var run = runs.run(desk, "Both.");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("handoff_not_alone");
    assertThat(run.output(1)).isEqualTo("Helped.");
  }

  @Test
  void allOfATreeExpireTogether() {
    var target = lawyer(handoff(runs.assistant(model("x"), "\"name\": \"X\",")));
    var desk =
        runs.assistant(
            front, "", "{\"type\": \"agent_routing\", \"targets\": [\"" + target + "\"]}");
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.call("route_to_x", OVER));
    provider.otherwise(_ -> Reply.hang());
    var run = runs.start(desk, "Ask.");
    var child = answering(run);
    var grandchild = answering(child);
    assertThat(List.of(child.path("expires_at"), grandchild.path("expires_at")))
        .containsOnly(run.path("expires_at"));

    clock.advance(Duration.ofMinutes(11));

    for (var each : List.of(run, child, grandchild)) {
      awaitStatus(each, "expired");
    }
  }
}
