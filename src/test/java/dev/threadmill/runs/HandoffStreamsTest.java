package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.execution.HandoffProjection;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.streams.LoadRun;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

/** Streams of runs that hand over: the target's answer in the caller's thread. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class HandoffStreamsTest extends HandoffFixture {
  @Inject LoadRun loadRun;
  @Inject Jdbc jdbc;

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
  void anAnswerThatIsStoredDuringAReadHasTheSameIdInTheProjection() {
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
}
