package dev.threadmill.protocols.a2a;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.SseStream;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;

/** An assistant that is exposed as an A2A agent, and requests to it. */
abstract class A2aServerFixture {
  final ApiClient api = ApiClient.withKey(ApiClient.strangersKey()).with("A2A-Version", "1.0");
  final String agent = agent("\"exposure\": {\"a2a\": true}");
  final String path = "/v1/a2a/" + agent;

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  String agent(String more) {
    var created = api.post("/v1/assistants", "{\"model\": \"gpt-4o\", %s}".formatted(more));
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    return created.id();
  }

  JsonNode call(String method, ObjectNode params) {
    var answer = api.post(path, request(method, params));
    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(200);
    return answer.json();
  }

  static String request(String method, ObjectNode params) {
    var request = params().put("jsonrpc", "2.0").put("id", 1).put("method", method);
    return request.<ObjectNode>set("params", params).toString();
  }

  static ObjectNode params() {
    return JsonNodeFactory.instance.objectNode();
  }

  static ObjectNode said(String text) {
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

  static String streamed(List<SseStream.Frame> frames) {
    var text = new StringBuilder();
    for (var frame : frames) {
      text.append(frame.json().at("/result/artifactUpdate/artifact/parts/0/text").asText(""));
    }
    return text.toString();
  }
}
