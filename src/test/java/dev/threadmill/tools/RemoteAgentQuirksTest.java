package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Remote agents whose cards and responses do not keep to the protocol. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RemoteAgentQuirksTest extends RemoteAgentsFixture {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          nonsense                                              | agent_unusable
          {}                                                    | agent_unusable
          {"preferredTransport": "GRPC", "url": "https://a.example"} | agent_unusable
          {"url": "ftp://a.example"}                            | agent_unusable
          {"url": "http://169.254.169.254/latest"}              | not_allowed
          {"url": "http://10.0.0.1/rpc"}                        | not_allowed
          """)
  void anUnusableCardIsAnErrorForTheModel(String card, String type) {
    try (var receiver = RecordingServer.start()) {
      receiver.on(CARD, RecordingServer.json(200, card));

      var run = runs.run(assistant(receiver.url(""), ", \"timeout_ms\": 2000"), "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.output(0)).contains(type);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          200 | nonsense                                                   | answer_unusable
          200 | {"jsonrpc": "2.0", "id": 1, "result": {}}                  | answer_unusable
          200 | {"jsonrpc": "2.0", "id": 1, "result": {"task": {"id": 5}}} | answer_unusable
          200 | {"jsonrpc": "2.0", "id": 1, "error": {"code": -32004, "message": "Not here"}} | Not here
          401 | {"error": "who?"}                                          | http_401
          404 | {}                                                         | http_404
          """)
  void anUnusableResponseIsAnErrorForTheModel(int status, String body, String said) {
    try (var receiver = agent(RecordingServer.json(status, body))) {
      var run = runs.run(assistant(receiver.url(""), ""), "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.output(0)).contains(said);
      assertThat(receiver.calls()).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "status": {"state": "completed"}, "history": [{"role": "user", "parts": [{"text": "Who?"}]}, {"role": "agent", "parts": [{"text": "In history."}]}] | In history.
          "status": {"state": "TASK_STATE_COMPLETED"}, "artifacts": [], "history": [{"role": "ROLE_AGENT", "parts": [{"text": "First."}]}, {"role": "ROLE_AGENT", "parts": [{"text": "In history."}]}, {"role": "ROLE_USER", "parts": [{"text": "Thanks"}]}] | In history.
          "status": {"state": "completed", "message": {"role": "agent", "parts": [{"kind": "text", "text": "In status."}]}}, "history": [{"role": "agent", "parts": [{"text": "no"}]}] | In status.
          "status": {"state": "completed"}, "artifacts": [{"artifactId": "a", "parts": [{"text": "In artifact."}]}], "history": [{"role": "agent", "parts": [{"text": "no"}]}] | In artifact.
          "status": {"state": "completed"}, "history": [{"role": "agent", "parts": "none"}, null, 7] | ``
          """)
  void theAnswerIsFoundWhereverTheTaskHasIt(String task, String answer) {
    var body =
        "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"kind\": \"task\", \"id\": \"t\", %s}}"
            .formatted(task);
    try (var receiver = agent(RecordingServer.json(200, body))) {
      var run = runs.run(assistant(receiver.url(""), ""), "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.output(0)).isEqualTo(answer);
    }
  }

  @Test
  void anAnswerThatIsTooLargeIsCutOff() {
    var large = "x".repeat(300_000);
    try (var receiver = agent(RecordingServer.json(200, DONE.replace("Sunny.", large)))) {
      var run = runs.run(assistant(receiver.url(""), ""), "Go");

      assertThat(run.output(0)).contains("answer_unusable").doesNotContain("xxxx");
    }
  }

  @Test
  void aResponseAboutAnotherTaskIsAnErrorForTheModel() {
    var working = DONE.replace("TASK_STATE_COMPLETED", "TASK_STATE_WORKING");
    var other =
        DONE.replace("\"result\": {\"task\": {\"id\": \"t\"", "\"result\": {\"id\": \"u\"")
            .replace("}]}}}", "}]}}");
    try (var receiver =
        agent(
            (exchange, call) ->
                RecordingServer.reply(
                    exchange,
                    200,
                    "application/json",
                    call.body().contains("SendMessage") ? working : other))) {
      var run = runs.run(assistant(receiver.url(""), ""), "Go");

      assertThat(run.output(0)).contains("different task");
    }
  }

  @Test
  void anAgentThatHangsTimesOut() throws Exception {
    var over = new CountDownLatch(1);
    try (var receiver =
        agent(
            (_, _) -> {
              try {
                over.await(60, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            })) {
      var run = runs.run(assistant(receiver.url(""), ", \"timeout_ms\": 1000"), "Go");

      assertThat(run.output(0)).contains("outcome_unknown");
    } finally {
      over.countDown();
    }
  }
}
