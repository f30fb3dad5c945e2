package dev.threadmill.protocols.a2a;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A2A 1.0 on the wire, and the errors of both versions. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class A2aServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ApiClient api =
      ApiClient.withKey(ApiClient.strangersKey()).with("A2A-Version", "1.0");
  private final String agent = agent("\"exposure\": {\"a2a\": true}");
  private final String path = "/v1/a2a/" + agent;

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

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
  void theTasksOfAContextAreListedPageByPage() {
    // Given
    var context = call("SendMessage", said("One")).at("/result/task/contextId").asText();
    for (var text : List.of("Two", "Three")) {
      var message = said(text);
      ((ObjectNode) message.path("message")).put("contextId", context);
      call("SendMessage", message);
    }
    var query = params().put("contextId", context).put("pageSize", 2);

    // When
    var first = call("ListTasks", query).path("result");
    var second =
        call("ListTasks", query.deepCopy().put("pageToken", first.path("nextPageToken").asText()))
            .path("result");

    // Then
    assertThat(first.path("tasks")).hasSize(2);
    assertThat(first.path("totalSize").asInt()).isEqualTo(3);
    assertThat(first.at("/tasks/0").has("artifacts")).isFalse();
    assertThat(second.path("tasks")).hasSize(1);
    assertThat(second.path("nextPageToken").asText()).isEmpty();
    assertThat(
            call("ListTasks", query.deepCopy().put("status", "TASK_STATE_FAILED"))
                .at("/result/totalSize")
                .asInt())
        .isZero();
  }

  @Test
  void tasksAreListedWithTheirArtifactsAndTheHistoryUntilTheirEnd() {
    // Given
    provider.reply(Reply.text("Alpha."), refusal("Never."), Reply.text("Gamma."));
    var context = call("SendMessage", said("One")).at("/result/task/contextId").asText();
    for (var text : List.of("Two", "Three")) {
      var message = said(text);
      ((ObjectNode) message.path("message")).put("contextId", context);
      call("SendMessage", message);
    }
    var query = params().put("contextId", context).put("includeArtifacts", true);

    // When
    var tasks = call("ListTasks", query.put("historyLength", 3)).at("/result/tasks");

    // Then
    assertThat(tasks).hasSize(3);
    assertThat(texts(tasks.at("/0/artifacts"))).containsExactly("Gamma.");
    assertThat(texts(tasks.at("/1/artifacts"))).containsExactly("Never.");
    assertThat(texts(tasks.at("/0/history"))).containsExactly("Never.", "Three", "Gamma.");
    assertThat(tasks.at("/0/history/1/role").asText()).isEqualTo("ROLE_USER");
    assertThat(tasks.at("/0/history/2/role").asText()).isEqualTo("ROLE_AGENT");
    var task = params().put("id", tasks.at("/2/id").asText());
    assertThat(call("GetTask", task).path("result").has("history")).isFalse();
  }

  @Test
  void aHistoryThatIsTooLargeStartsLater() {
    // Given
    provider.reply(Reply.text("Done."));
    var task = call("SendMessage", said("One")).at("/result/task");
    var context = task.path("contextId").asText();
    for (int i = 0; i < 4; i++) {
      var message = JsonNodeFactory.instance.objectNode().put("role", "user");
      var content = message.putArray("content");
      for (int j = 0; j < 36; j++) {
        content.addObject().put("type", "text").put("text", i + "x".repeat(250_000));
      }
      assertThat(api.post("/v1/threads/" + context + "/messages", message.toString()).status())
          .isEqualTo(200);
    }
    provider.reply(Reply.text("Done again."));
    var message = said("Two");
    ((ObjectNode) message.path("message")).put("contextId", context);
    message.putObject("configuration").put("historyLength", 50);

    // When
    var history = call("SendMessage", message).at("/result/task/history");

    // Then
    assertThat(texts(history).stream().map(text -> text.substring(0, 2)))
        .containsExactly("2x", "3x", "Tw", "Do");
  }

  private static Reply refusal(String text) {
    return Reply.streamed(
        List.of(
            new Reply.Step.Delta(JsonNodeFactory.instance.objectNode().put("refusal", text)),
            new Reply.Step.Finish("stop"),
            new Reply.Step.Done()));
  }

  private static List<String> texts(JsonNode task) {
    return task.findValues("parts").stream().map(parts -> parts.at("/0/text").asText()).toList();
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          nonsense                                                                    | -32700
          []                                                                          | -32600
          {"jsonrpc": "2.0", "id": 1, "method": "a\\u0000b"}                           | -32700
          null                                                                        | -32600
          false                                                                       | -32600
          1e400000000                                                                 | -32600
          "GetTask"                                                                   | -32600
          [{"jsonrpc": "2.0", "id": 1, "method": "GetTask"}]                          | -32600
          {"jsonrpc": "2.0", "id": 1, "method": null}                                 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": ["GetTask"], "params": {}}            | -32600
          {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": null}            | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": [1]}             | -32602
          {"jsonrpc": "2.0", "id": {}, "method": "GetTask", "params": {"id": {}}}     | -32001
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": null}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": [[]]}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [null]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": {"text": "x"}}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": ["ROLE_USER"], "parts": [{"text": "x"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "contextId": {}, "parts": [{"text": "x"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"data": {"tool_outputs": [null]}}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {"contextId": "thread_a", "pageSize": 1e400000000}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {"contextId": "thread_a", "pageToken": {}, "status": 7}} | -32602
          {"jsonrpc": "1.0", "id": 1, "method": "GetTask"}                            | -32600
          {"jsonrpc": "2.0", "id": 1, "method": "NoSuch", "params": {}}               | -32601
          {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {}}         | -32601
          {"jsonrpc": "2.0", "id": 1, "method": "GetTask"}                            | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {}}          | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": []}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "user", "parts": [{"text": "x"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": 1, "role": "ROLE_USER", "parts": [{"text": "x"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"text": ""}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"what": 1}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"raw": "%%%", "mediaType": "text/plain"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"raw": "AAAA", "mediaType": "video/mp4"}]}}} | -32005
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"text": "x"}]}, "configuration": {"acceptedOutputModes": ["video/mp4"]}}} | -32005
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"text": "x"}]}, "configuration": {"historyLength": -1}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "parts": [{"text": "x"}]}, "configuration": {"taskPushNotificationConfig": {"url": "https://x.example"}}}} | -32003
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "contextId": "mine", "parts": [{"text": "x"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "contextId": "thread_of_nobody", "parts": [{"text": "x"}]}}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "a", "role": "ROLE_USER", "taskId": "nonsense", "parts": [{"text": "x"}]}}} | -32001
          {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "thread_a.run_b"}} | -32001
          {"jsonrpc": "2.0", "id": 1, "method": "CancelTask", "params": {"id": 7}}    | -32001
          {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": ""}} | -32001
          {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {}}            | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {"contextId": "thread_a", "pageSize": 1000}} | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "CreateTaskPushNotificationConfig", "params": {}} | -32003
          {"jsonrpc": "2.0", "id": 1, "method": "GetExtendedAgentCard"}               | -32004
          """)
  void anInvalidRequestIsAnErrorWithItsCode(String body, int code) {
    var answer = api.post(path, body);

    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(200);
    assertThat(answer.json().at("/error/code").asInt()).describedAs(answer.text()).isEqualTo(code);
    assertThat(answer.json().path("jsonrpc").asText()).isEqualTo("2.0");
    assertThat(answer.json().has("id")).isTrue();
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void errorsOfTheProtocolNameTheirReasonInVersionOneOnly() {
    var id = params().put("id", "thread_a.run_b");

    assertThat(call("GetTask", id).at("/error/data/0/reason").asText()).isEqualTo("TASK_NOT_FOUND");
    var older = api.with("A2A-Version", null).post(path, request("tasks/get", id)).json();
    assertThat(older.at("/error/code").asInt()).isEqualTo(-32001);
    assertThat(older.path("error").has("data")).isFalse();
    assertThat(
            api.with("A2A-Version", "7.0")
                .post(path, request("GetTask", id))
                .json()
                .at("/error/code"))
        .hasToString("-32009");
  }

  @Test
  void anAgentExistsOnlyForItsProjectAndOnlyIfItIsExposed() {
    var hidden = "/v1/a2a/" + agent("\"exposure\": {\"mcp\": true}");
    var ended = call("SendMessage", said("Hello")).at("/result/task/id").asText();
    var other = "/v1/a2a/" + agent("\"exposure\": {\"a2a\": true}");
    var body = request("GetTask", params().put("id", ended));

    assertThat(api.post(hidden, body).status()).isEqualTo(404);
    assertThat(ApiClient.stranger().post(path, body).status()).isEqualTo(404);
    assertThat(ApiClient.anonymous().post(path, body).status()).isEqualTo(401);
    assertThat(api.post(other, body).json().at("/error/code").asInt()).isEqualTo(-32001);
    assertThat(api.post("/v1/a2a/nonsense", body).status()).isEqualTo(400);
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

  @Test
  void bodiesThatAreTooLargeOrTooDeepAreRejected() {
    var large = new byte[11 * 1024 * 1024];
    Arrays.fill(large, (byte) ' ');

    assertThat(api.with("Content-Type", "application/json").send("POST", path, large).status())
        .isEqualTo(413);
    assertThat(api.post(path, "[".repeat(5_000)).json().at("/error/code").asInt())
        .isEqualTo(-32700);
  }

  private String agent(String more) {
    var created = api.post("/v1/assistants", "{\"model\": \"gpt-4o\", %s}".formatted(more));
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    return created.id();
  }

  private JsonNode call(String method, ObjectNode params) {
    var answer = api.post(path, request(method, params));
    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static String request(String method, ObjectNode params) {
    var request = params().put("jsonrpc", "2.0").put("id", 1).put("method", method);
    return request.<ObjectNode>set("params", params).toString();
  }

  private static ObjectNode params() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ObjectNode said(String text) {
    var params = params();
    params
        .putObject("message")
        .put("messageId", UUID.randomUUID().toString())
        .put("role", "ROLE_USER")
        .putArray("parts")
        .addObject()
        .put("text", text);
    return params;
  }

  private static String base64(String text) {
    return Base64.getEncoder()
        .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static String streamed(List<SseStream.Frame> frames) {
    var text = new StringBuilder();
    for (var frame : frames) {
      text.append(frame.json().at("/result/artifactUpdate/artifact/parts/0/text").asText(""));
    }
    return text.toString();
  }
}
