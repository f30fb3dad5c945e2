package dev.threadmill.protocols.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.modelcontextprotocol.spec.McpError;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to the MCP server that it rejects. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpInvalidRequestsTest extends McpServerFixture {
  @Test
  void anUnknownToolIsAnErrorOfTheProtocol() {
    var client = client(key);

    assertThatThrownBy(() -> client.callTool(call("nobody", Map.of("message", "Hello"))))
        .isInstanceOfSatisfying(
            McpError.class, error -> assertThat(error.getJsonRpcError().code()).isEqualTo(-32602));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"message\": \"\"}",
        "{\"message\": 5}",
        "{\"message\": \"x\", \"thread_id\": 5}",
        "{\"message\": \"x\", \"thread_id\": \"nonsense\"}",
        "{\"message\": \"x\", \"thread_id\": \"thread_of_nobody\"}",
        "{\"message\": \"x\", \"more\": true}"
      })
  void invalidArgumentsAreErrorsThatTheModelReads(String arguments) {
    assistant("Helper", "");

    var answer = post("tools/call", "{\"name\": \"helper\", \"arguments\": " + arguments + "}");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().at("/result/isError").asBoolean()).describedAs(answer.text()).isTrue();
    assertThat(provider.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          nonsense                                                        | 400 | -32700
          {"jsonrpc": "2.0", "id": 1, "method": "a\\u0000b"}               | 400 | -32700
          {"jsonrpc": "2.0", "id": 1, "method": "a\\ud800b"}               | 400 | -32700
          null                                                            | 400 | -32600
          true                                                            | 400 | -32600
          1e400000000                                                     | 400 | -32600
          "ping"                                                          | 400 | -32600
          []                                                              | 400 | -32600
          [null]                                                          | 400 | -32600
          [{"jsonrpc": "2.0", "id": 1, "method": "ping"}]                 | 400 | -32600
          {}                                                              | 400 | -32600
          {"jsonrpc": "2.0"}                                              | 400 | -32600
          {"jsonrpc": null, "id": 1, "method": "ping"}                    | 400 | -32600
          {"jsonrpc": "1.0", "id": 1, "method": "ping"}                   | 400 | -32600
          {"jsonrpc": "2.0", "id": null, "method": "ping"}                | 400 | -32600
          {"jsonrpc": "2.0", "id": {}, "method": "ping"}                  | 400 | -32600
          {"jsonrpc": "2.0", "id": true, "method": "ping"}                | 400 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": null}                     | 400 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": ["ping"]}                 | 400 | -32600
          {"jsonrpc": "2.0", "method": 5}                                 | 400 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": "no/such"}                | 200 | -32601
          {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}             | 200 | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 3}}         | 200 | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x", "arguments": []}} | 200 | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": []}} | 200 | -32602
          """)
  void aBodyThatIsNoMessageIsRejected(String body, int status, int code) {
    var answer = api.post("/v1/mcp", body);

    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(status);
    assertThat(answer.json().at("/error/code").asInt()).describedAs(answer.text()).isEqualTo(code);
    assertThat(answer.text()).doesNotContain("io.modelcontextprotocol", "jackson");
  }

  /** Whatever the parameters are, the answer is one of JSON-RPC. */
  @ParameterizedTest
  @ValueSource(
      strings = {"initialize", "ping", "tools/list", "tools/call", "resources/list", "no/such"})
  void parametersOfAnyTypeGetAnAnswerOfTheProtocol(String method) {
    assistant("Helper", "");
    var nested = "[".repeat(150) + "]".repeat(150);
    for (var params :
        List.of(
            "null",
            "true",
            "0",
            "\"x\"",
            "[]",
            "[null]",
            "{}",
            nested,
            "{\"name\": null}",
            "{\"name\": \"helper\", \"arguments\": null, \"_meta\": null}",
            "{\"name\": \"helper\", \"arguments\": {\"message\": " + nested + "}}",
            "{\"name\": \"helper\", \"arguments\": {}, \"_meta\": {\"progressToken\": {}}}",
            "{\"cursor\": 3}")) {
      var answer = api.post("/v1/mcp", body(method, params));

      assertThat(answer.status()).as("%s %s: %s", method, params, answer.text()).isEqualTo(200);
      if (answer.text().startsWith("{")) {
        assertThat(answer.json().path("jsonrpc").asText()).isEqualTo("2.0");
        assertThat(answer.json().has("result") || answer.json().has("error")).isTrue();
        assertThat(answer.json().at("/error/code").asInt()).isNotEqualTo(-32603);
      }
      assertThat(answer.text()).doesNotContain("io.modelcontextprotocol", "jackson", "reactor");
    }
  }

  @Test
  void deepNestingIsRejected() {
    for (int depth : new int[] {201, 5_000, 200_000}) {
      var nested = "[".repeat(depth) + "]".repeat(depth);
      var bodies =
          List.of(nested, "{\"a\":".repeat(depth) + "1" + "}".repeat(depth), body("ping", nested));
      for (var body : bodies) {
        var answer = api.post("/v1/mcp", body);

        assertThat(answer.status()).as("depth %d", depth).isEqualTo(400);
      }
    }
  }

  @Test
  void requestsOutOfBoundsAreRejected() {
    var ping = body("ping", "{}");
    var large = new byte[11 * 1024 * 1024];
    Arrays.fill(large, (byte) ' ');

    assertThat(api.get("/v1/mcp").status()).isEqualTo(405);
    assertThat(api.delete("/v1/mcp").status()).isEqualTo(204);
    assertThat(ApiClient.anonymous().post("/v1/mcp", ping).status()).isEqualTo(401);
    assertThat(ApiClient.withKey("sk-wrong").post("/v1/mcp", ping).status()).isEqualTo(401);
    assertThat(api.with("Content-Type", "application/json").send("POST", "/v1/mcp", large).status())
        .isEqualTo(413);
    assertThat(api.with("MCP-Protocol-Version", "1999-01-01").post("/v1/mcp", ping).status())
        .isEqualTo(400);
    assertThat(
            api.with("Accept", "application/json")
                .post("/v1/mcp", body("tools/call", "{\"name\": \"x\"}"))
                .status())
        .isEqualTo(406);
    assertThat(api.post("/v26/mcp", ping).json().path("result").isObject()).isTrue();
    assertThat(api.post("/v2/mcp", "[".repeat(5_000)).status()).isEqualTo(400);
  }
}
