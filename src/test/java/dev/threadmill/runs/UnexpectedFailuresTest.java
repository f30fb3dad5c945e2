package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.api.Ids;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs that fail in ways nothing foresees: each ends, its thread accepts the next run, and runs
 * beside it are executed.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class UnexpectedFailuresTest {
  /** A version of this server that does not exist yet has stored them. */
  private static final String UNREADABLE_TOOLS = "[{\"type\": \"time_travel\"}]";

  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  @Inject Ids ids;

  /** A run of the conversation as another node has left it. */
  private JsonNode insertRun(
      Conversation conversation, String status, String owner, int crashes, String tools) {
    var id = ids.run();
    jdbc.update(
        """
        INSERT INTO runs (thread_id, id, project_id, assistant_id, created_at, status, expires_at,
          model, instructions, tools, metadata, truncation_strategy, tool_choice,
          parallel_tool_calls, response_format, owner, attempt, started_at, crashes, tape)
        VALUES (?, ?, 'proj_default', ?, now(), ?, now() + interval '10 minutes',
          'rehearsal', '', ?::jsonb, '{}', '{"type": "auto", "last_messages": null}', '"auto"', true,
          '"auto"', ?, 1, now(), ?, 'A1 Rcreated Rqueued Rin_progress ')
        """,
        conversation.thread(),
        id,
        conversation.assistant(),
        status,
        tools,
        owner,
        crashes);
    return JsonNodeFactory.instance.objectNode().put("id", id.value());
  }

  private void insertExpiredNode(String node) {
    jdbc.update(
        """
        INSERT INTO nodes (id, started_at, lease_until)
        VALUES (?, now(), now() - interval '1 minute')
        """,
        node);
  }

  private String node() {
    return ids.next("node_");
  }

  private void assertThreadAcceptsRuns(Conversation conversation) {
    conversation.say("/say still here");
    var next = conversation.until(conversation.run(), "completed", "failed");
    assertThat(next.path("status").asText()).isEqualTo("completed");
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("still here");
  }

  private String statusOf(Conversation conversation, JsonNode run) {
    return jdbc.one(
            "SELECT status FROM runs WHERE thread_id = ? AND id = ?",
            row -> row.text("status"),
            conversation.thread(),
            run.path("id").asText())
        .orElseThrow();
  }

  private void awaitStored(Conversation conversation, JsonNode run, String status) {
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofSeconds(40))
        .until(() -> statusOf(conversation, run), status::equals);
  }

  private void makeReadable(Conversation conversation) {
    jdbc.update("UPDATE runs SET tools = '[]' WHERE thread_id = ?", conversation.thread());
  }

  @Test
  void aQueuedRunThatCannotBeReadFailsAndDoesNotHoldUpTheQueue() {
    var broken = Conversation.of(user, "rehearsal", "/say never");
    var run = insertRun(broken, "queued", null, 0, UNREADABLE_TOOLS);
    var other = Conversation.of(user, "rehearsal", "/say queued");
    var queued = insertRun(other, "queued", null, 0, "[]");

    awaitStored(other, queued, "completed");
    awaitStored(broken, run, "failed");

    makeReadable(broken);
    assertThat(broken.get(run).at("/last_error/code").asText()).isEqualTo("server_error");
    assertThreadAcceptsRuns(broken);
  }

  @Test
  void aRunThatCannotBeTakenOverFailsAndOthersAreTakenOver() {
    var broken = Conversation.of(user, "rehearsal", "/say never");
    var run = insertRun(broken, "in_progress", node(), 0, UNREADABLE_TOOLS);
    var other = Conversation.of(user, "rehearsal", "/say taken over");
    var orphan = insertRun(other, "in_progress", node(), 0, "[]");

    awaitStored(other, orphan, "completed");
    awaitStored(broken, run, "failed");

    makeReadable(broken);
    assertThreadAcceptsRuns(broken);
  }

  @Test
  void anExpiredRunThatCannotBeReadFailsAndOthersExpire() {
    var broken = Conversation.of(user, "rehearsal", "/say never");
    var run = insertRun(broken, "requires_action", null, 0, UNREADABLE_TOOLS);
    var other = Conversation.of(user, "rehearsal", "/say never");
    var waiting = insertRun(other, "requires_action", null, 0, "[]");
    for (var each : new Conversation[] {broken, other}) {
      jdbc.update(
          "UPDATE runs SET expires_at = now() - interval '1 minute' WHERE thread_id = ?",
          each.thread());
    }

    awaitStored(other, waiting, "expired");
    awaitStored(broken, run, "failed");

    makeReadable(broken);
    assertThreadAcceptsRuns(broken);
  }

  @Test
  void aRunOnWhichThreeNodesInARowHaveCrashedFailsWithThatReason() {
    var conversation = Conversation.of(user, "rehearsal", "/say never");
    var node = node();
    insertExpiredNode(node);
    var run = insertRun(conversation, "in_progress", node, 2, "[]");

    var failed = conversation.until(run, "failed", "completed");

    assertThat(failed.at("/last_error/message").asText())
        .isEqualTo("The run was stopped: 3 servers in a row crashed while they executed it.");
    assertThat(conversation.messages()).hasSize(1);
    assertThreadAcceptsRuns(conversation);
  }

  @Test
  void openCallsOfARunThatFailsBecauseOfCrashesGetOutputs() {
    var conversation = Conversation.of(user, "rehearsal", "call f", "f");
    var run = conversation.until(conversation.run(), "requires_action");
    var node = node();
    insertExpiredNode(node);
    jdbc.update(
        "UPDATE runs SET status = 'in_progress', owner = ?, crashes = 2 WHERE thread_id = ?",
        node,
        conversation.thread());

    conversation.until(run, "failed");

    var step = conversation.steps(run).get(0);
    assertThat(step.path("status").asText()).isEqualTo("failed");
    assertThat(step.at("/step_details/tool_calls/0/function/output").asText()).isNotEmpty();
    assertThreadAcceptsRuns(conversation);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aRunIsExecutedAgainAfterFewerCrashes(int crashes) {
    var conversation = Conversation.of(user, "rehearsal", "/say once more");
    var node = node();
    insertExpiredNode(node);
    var run = insertRun(conversation, "in_progress", node, crashes, "[]");

    conversation.until(run, "completed");

    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("once more");
  }

  @Test
  void aNodeThatLeavesInOrderCountsAsNoCrash() {
    var conversation = Conversation.of(user, "rehearsal", "/say handed over");
    var run = insertRun(conversation, "in_progress", node(), 2, "[]");

    conversation.until(run, "completed");

    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("handed over");
  }

  @Test
  void aCommittedStepMeansThatTheRunDoesNotEndNodes() {
    var conversation = Conversation.of(user, "rehearsal", "call f", "f");
    var run = insertRun(conversation, "in_progress", node(), 2, tools("f"));

    conversation.until(run, "requires_action");

    assertThat(
            jdbc.one(
                "SELECT crashes FROM runs WHERE thread_id = ?",
                row -> row.integer("crashes"),
                conversation.thread()))
        .contains(0);
  }

  private static String tools(String function) {
    return "[{\"type\": \"function\", \"function\": {\"name\": \"%s\"}}]".formatted(function);
  }
}
