package dev.threadmill.protocols.a2a;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests to an A2A agent that it rejects. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class A2aInvalidRequestsTest extends A2aServerFixture {
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
  void bodiesThatAreTooLargeOrTooDeepAreRejected() {
    var large = new byte[11 * 1024 * 1024];
    Arrays.fill(large, (byte) ' ');

    assertThat(api.with("Content-Type", "application/json").send("POST", path, large).status())
        .isEqualTo(413);
    assertThat(api.post(path, "[".repeat(5_000)).json().at("/error/code").asInt())
        .isEqualTo(-32700);
  }
}
