package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Threads that are deleted while runs are active on them. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class DeletedThreadsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ApiClient user = ApiClient.user();
  private final ReplyGate gate = new ReplyGate();
  private final String model = "deleted-" + UUID.randomUUID();
  FakeProvider provider;
  @Inject Jdbc jdbc;
  @Inject LocalRuns localRuns;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void openGate() {
    gate.open();
  }

  private void delete(String path) {
    var deleted = user.delete(path);
    assertThat(deleted.status()).as(deleted.text()).isEqualTo(200);
    assertThat(deleted.json().path("deleted").asBoolean()).isTrue();
    assertThat(user.get(path).status()).isEqualTo(404);
  }

  private int rowsOf(Conversation conversation) {
    return jdbc.one(
            """
            SELECT (SELECT count(*) FROM runs WHERE thread_id = t.id)
              + (SELECT count(*) FROM run_steps WHERE thread_id = t.id)
              + (SELECT count(*) FROM tool_calls WHERE thread_id = t.id)
              + (SELECT count(*) FROM run_journal WHERE thread_id = t.id)
              + (SELECT count(*) FROM messages WHERE thread_id = t.id) AS n
            FROM (SELECT ?::text AS id) t
            """,
            row -> row.integer("n"),
            conversation.thread())
        .orElseThrow();
  }

  private void awaitNotExecuted(JsonNode run) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                localRuns.all().stream()
                    .noneMatch(
                        live -> live.claimedRun().id().value().equals(run.path("id").asText())));
  }

  @Test
  void aThreadWhoseRunIsAnsweringIsDeletedAndTheModelCallIsStopped() {
    provider.replyTo(model, Reply.text("one two three").withGate(gate));
    var conversation = Conversation.of(user, model, "Go.");
    var run = conversation.until(conversation.run(), "in_progress");

    delete(conversation.path());

    awaitNotExecuted(run);
    assertThat(rowsOf(conversation)).isZero();
  }

  @Test
  void theStreamOfADeletedRunEnds() throws Exception {
    provider.replyTo(model, Reply.text("one two three").withGate(gate));
    var conversation = Conversation.of(user, model, "Go.");
    try (var stream = conversation.stream()) {
      assertThat(stream.next().event()).isEqualTo("thread.run.created");

      delete(conversation.path());

      var last = stream.next();
      for (var next = last; next != null; next = stream.next()) {
        last = next;
      }
      assertThat(last).isNotNull();
    }
    assertThat(rowsOf(conversation)).isZero();
  }

  @Test
  void aThreadWithARunThatWaitsForItsClientAndOneThatWaitsForItsTurnIsDeleted() {
    var conversation = Conversation.of(user, "rehearsal", "call f", "f");
    conversation.until(conversation.run(), "requires_action");
    assertThat(conversation.run(conversation.body().put("on_active_run", "queue")).status())
        .isEqualTo(200);

    delete(conversation.path());

    assertThat(rowsOf(conversation)).isZero();
  }

  @Test
  void aRunThatWaitsForAnAssistantOnADeletedThreadContinuesWithoutItsAnswer() {
    var runs = new ToolRuns(user);
    var legalModel = "legal-" + UUID.randomUUID();
    var legal = runs.assistant(legalModel, "\"name\": \"Legal\",");
    var front =
        runs.assistant(
            model,
            "",
            "{\"type\": \"agent_routing\", \"agent_routing\": {\"targets\": [\"%s\"]}}"
                .formatted(legal));
    provider.replyTo(legalModel, Reply.text("never").withGate(gate));
    provider.replyTo(
        model,
        Reply.call("route_to_legal", "{\"message\": \"Is it binding?\"}"),
        Reply.text("Sorry."));
    var thread = user.post("/v1/threads", null).id();
    user.post("/v1/threads/" + thread + "/messages", "{\"role\": \"user\", \"content\": \"Hi\"}");
    var run =
        user.post("/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"%s\"}".formatted(front))
            .json();
    var child =
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    jdbc.one(
                            "SELECT thread_id FROM runs WHERE parent_run_id = ? AND status ="
                                + " 'in_progress'",
                            row -> row.text("thread_id"),
                            run.path("id").asText())
                        .orElse(""),
                id -> !id.isEmpty());

    delete("/v1/threads/" + child);

    var path = "/v1/threads/" + thread + "/runs/" + run.path("id").asText();
    await()
        .atMost(PATIENCE)
        .until(() -> user.get(path).json().path("status").asText().equals("completed"));
    var messages = user.get("/v1/threads/" + thread + "/messages?order=desc").json();
    assertThat(messages.at("/data/0/content/0/text/value").asText()).isEqualTo("Sorry.");
  }
}
