package dev.threadmill.tools;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.BlackHole;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ScriptedMcpServer;
import dev.threadmill.testing.ScriptedMcpServer.Behavior;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Receivers of tool calls that are slow, or take a call and never answer. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(90)
class ToolTimeoutTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int FOR_EVER_MS = 300_000;
  private static final Reply.Call ECHO = new Reply.Call("a", "slow_echo", "{\"text\": \"hello\"}");

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final ScriptedMcpServer server = new ScriptedMcpServer();
  private final BlackHole hole = BlackHole.start();
  private final RecordingServer receiver = RecordingServer.start();
  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
    receiver.on("/work", RecordingServer.json(200, "{\"worked\": true}"));
  }

  @AfterEach
  void stop() {
    server.close();
    hole.close();
    receiver.close();
  }

  @Test
  void anMcpServerThatAnswersAByteAtATimeIsWaitedFor() {
    server
        .on("initialize", Behavior.DRIPPING)
        .on("tools/list", Behavior.DRIPPING)
        .on("tools/call", Behavior.DRIPPING);
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = runs.run(runs.assistant("gpt-4o", "", mcp(server.url(), FOR_EVER_MS)), "Go");

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    assertThat(run.output(0)).isEqualTo("you said hello");
    await().atMost(PATIENCE).until(() -> server.ended() == 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"initialize", "tools/list"})
  void theToolsOfAnMcpServerThatDoesNotListThemAreLeftOut(String method) {
    server.on(method, Behavior.HANGING);

    var run = runs.run(runs.assistant("gpt-4o", "", mcp(server.url(), 400)), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.steps().getFirst().path("warnings").toString())
        .contains("'slow'", "did not answer within 0.4 s");
    assertThat(provider.lastRequest().body().has("tools")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"HANGING", "CHATTING"})
  void aCallThatIsNotAnsweredInTimeIsAnErrorBesideTheResultsOfTheOthers(Behavior manner) {
    server.on("tools/call", manner);
    provider.reply(Reply.calls(ECHO, new Reply.Call("b", "work", "{}")), Reply.text("Done."));

    var run = runs.run(runs.assistant("gpt-4o", "", mcp(server.url(), 700), webhook("")), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("outcome_unknown", "within 0.7 s");
    assertThat(run.output(1)).isEqualTo("{\"worked\": true}");
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("outcome_unknown", "worked");
    var call = server.got("tools/call").getFirst();
    await().atMost(PATIENCE).until(() -> server.got("notifications/cancelled").size() == 1);
    assertThat(server.got("notifications/cancelled").getFirst().at("/params/requestId"))
        .isEqualTo(call.path("id"));
    if (manner == Behavior.CHATTING) {
      await().atMost(PATIENCE).until(() -> server.left() == 1);
    }
  }

  @Test
  void cancellingARunEndsTheCallThatHangsAndKeepsWhatTheOthersBrought() {
    server.on("tools/call", Behavior.CHATTING);
    provider.reply(Reply.calls(ECHO, new Reply.Call("b", "work", "{}")), Reply.text("Done."));
    var run =
        runs.start(runs.assistant("gpt-4o", "", mcp(server.url(), FOR_EVER_MS), webhook("")), "Go");
    await()
        .atMost(PATIENCE)
        .until(() -> outputOf(run, 1).contains("worked") && server.got("tools/call").size() == 1);

    cancel(run);

    var ended = runs.stopped(run);
    assertThat(ended.status()).isEqualTo("cancelled");
    assertThat(ended.output(1)).isEqualTo("{\"worked\": true}");
    await().atMost(PATIENCE).until(() -> server.left() == 1);
    await().atMost(PATIENCE).until(() -> server.got("notifications/cancelled").size() == 1);
    // One session listed the tools, the other one called.
    await().atMost(PATIENCE).until(() -> server.ended() == 2);
  }

  @Test
  void cancellingARunEndsTheWaitForAnMcpServerThatSaysNothing() {
    var run = runs.start(runs.assistant("gpt-4o", "", mcp(hole.url(), FOR_EVER_MS)), "Go");
    await().atMost(PATIENCE).until(() -> hole.open() == 1);

    cancel(run);

    assertThat(runs.stopped(run).status()).isEqualTo("cancelled");
    await().atMost(PATIENCE).until(() -> hole.open() == 0);
  }

  @Test
  void aRemoteAgentThatNeverSendsItsCardTimesOut() {
    provider.reply(Reply.call("route_to_sphinx", "{\"message\": \"Who?\"}"), Reply.text("Done."));

    var run = runs.run(runs.assistant("gpt-4o", "", sphinx(1_000)), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("agent_unreachable", "in time");
    await().atMost(PATIENCE).until(() -> hole.open() == 0);
  }

  @Test
  void cancellingARunEndsTheWaitForARemoteAgent() {
    provider.reply(Reply.call("route_to_sphinx", "{\"message\": \"Who?\"}"), Reply.text("Done."));
    var run = runs.start(runs.assistant("gpt-4o", "", sphinx(FOR_EVER_MS)), "Go");
    await().atMost(PATIENCE).until(() -> hole.open() == 1);

    cancel(run);

    assertThat(runs.stopped(run).status()).isEqualTo("cancelled");
    await().atMost(PATIENCE).until(() -> hole.open() == 0);
  }

  @Test
  void callsThatNeedATokenDoNotQueueBeforeATokenServerThatHangs() {
    provider.reply(
        Reply.calls(
            IntStream.range(0, 6)
                .mapToObj(i -> new Reply.Call("c" + i, "work", "{}"))
                .toArray(Reply.Call[]::new)),
        Reply.text("Done."));
    var assistant =
        runs.assistant(
            "gpt-4o",
            "",
            webhook(
                """
                , "timeout_ms": 600, "retries": 0, "auth": {"type": "oauth2", "token_url": "%s",
                "client_id": "me", "client_secret": "s3cret"}"""
                    .formatted(hole.url())));

    var run = runs.run(assistant, "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.calls())
        .hasSize(6)
        .allSatisfy(
            call ->
                assertThat(call.at("/function/output").asText())
                    .contains("authentication_failed", "in time")
                    .doesNotContain("s3cret"));
    assertThat(hole.taken()).isBetween(1, 5);
    assertThat(receiver.calls()).isEmpty();
    await().atMost(PATIENCE).until(() -> hole.open() == 0);
  }

  @Test
  void cancellingARunEndsTheWaitForAToken() {
    provider.reply(Reply.call("work", "{}"), Reply.text("Done."));
    var run =
        runs.start(
            runs.assistant(
                "gpt-4o",
                "",
                webhook(
                    """
                    , "timeout_ms": 300000, "auth": {"type": "oauth2", "token_url": "%s",
                    "client_id": "me", "client_secret": "s3cret"}"""
                        .formatted(hole.url()))),
            "Go");
    await().atMost(PATIENCE).until(() -> hole.open() == 1);

    cancel(run);

    assertThat(runs.stopped(run).status()).isEqualTo("cancelled");
    await().atMost(PATIENCE).until(() -> hole.open() == 0);
  }

  private void cancel(JsonNode run) {
    var answer = api.post(path(run) + "/cancel", null);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  private String outputOf(JsonNode run, int call) {
    return api.get(path(run) + "/steps?order=asc")
        .json()
        .at("/data/0/step_details/tool_calls/%d/function/output".formatted(call))
        .asText();
  }

  private static String mcp(String url, int timeoutMs) {
    return """
        {"type": "mcp", "mcp": {"server_label": "slow", "server_url": "%s",
         "require_approval": "never", "timeout_ms": %d}}"""
        .formatted(url, timeoutMs);
  }

  private String webhook(String more) {
    return "{\"type\": \"webhook\", \"webhook\": {\"name\": \"work\", \"endpoint\": \"%s\"%s}}"
        .formatted(receiver.url("/work"), more);
  }

  private String sphinx(int timeoutMs) {
    return """
        {"type": "agent_routing", "agent_routing": {"targets": [
          {"type": "a2a", "url": "%s", "name": "Sphinx", "timeout_ms": %d}]}}"""
        .formatted(hole.url(), timeoutMs);
  }
}
