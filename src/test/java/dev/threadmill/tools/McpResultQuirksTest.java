package dev.threadmill.tools;

import static dev.threadmill.testing.QuirkyMcpServer.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.QuirkyMcpServer.Response;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** MCP servers whose results do not keep to the protocol. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpResultQuirksTest extends McpQuirksFixture {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                      | no content
          {"content": []}                                                         | no content
          {"content": null}                                                       | no content
          {"content": "plain"}                                                    | plain
          {"content": {"type": "text", "text": "one"}}                            | one
          {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]} | a
          {"structuredContent": {"degrees": 21}}                                  | {"degrees":21}
          {"content": [], "structuredContent": [1, 2]}                            | [1,2]
          {"toolResult": {"old": true}}                                           | {"old":true}
          {"content": [{"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}]} | image (image/png)
          {"content": [{"type": "audio", "data": "aGVsbG8=", "mimeType": "audio/wav"}]} | audio (audio/wav)
          {"content": [{"type": "image"}]}                                        | image of about 0 bytes
          {"content": [{"type": "resource_link", "uri": "https://x/1", "name": "Doc"}]} | Doc: https://x/1
          {"content": [{"type": "resource", "resource": {"uri": "file:///a", "text": "inside"}}]} | inside
          {"content": [{"type": "resource", "resource": {"uri": "file:///a", "blob": "aGVsbG8=", "mimeType": "application/pdf"}}]} | file (application/pdf)
          {"content": [{"type": "hologram", "x": 1}]}                             | content of type 'hologram'
          {"content": ["bare"]}                                                   | bare
          {"content": [null, 7]}                                                  | content of type ''
          {"isError": true}                                                       | tool_error
          {"isError": true, "content": [{"type": "text", "text": "broken"}]}      | broken
          """)
  void everyShapeOfAResultIsTextForTheModel(String result, String expected) {
    server.result("tools/call", result);
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = run();

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains(expected);
    assertThat(runs.lastText(run)).isEqualTo("Done.");
  }

  @Test
  void thePartsOfAResultThatAreNotTextAreShownInTheStep() {
    server.result(
        "tools/call",
        """
        {"content": [
           {"type": "text", "text": "See the picture."},
           {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
           {"type": "resource_link", "uri": "https://docs.example/1", "name": "Manual"}],
         "structuredContent": {"a": ["x\\u0000y", 1e999, {"\\ud800": true}]}}""");
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = run();

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    var function = run.calls().getFirst().path("function");
    assertThat(function.path("output").asText())
        .contains("See the picture.", "image (image/png)", "Manual: https://docs.example/1");
    assertThat(function.at("/details/0/type").asText()).isEqualTo("image");
    assertThat(function.at("/details/0/mime_type").asText()).isEqualTo("image/png");
    assertThat(function.at("/details/0/data").asText()).isEqualTo("aGVsbG8=");
    assertThat(function.at("/details/1/type").asText()).isEqualTo("data");
    assertThat(function.at("/details/1/data/a/0").asText()).isEqualTo("x\uFFFDy");
    assertThat(function.at("/details/1/data/a/1").isNull()).isTrue();
    assertThat(function.at("/details/1/data/a/2/\uFFFD").asBoolean()).isTrue();
    assertThat(function.at("/citations/0/uri").asText()).isEqualTo("https://docs.example/1");
    assertThat(function.at("/citations/0/title").asText()).isEqualTo("Manual");
    assertThat(provider.lastRequest().body().toString()).doesNotContain("aGVsbG8=");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          application/json  | {"jsonrpc": "2.0", "id": "ID", "result": RESULT}
          application/json  | {"jsonrpc": "2.0", "id": ID.0, "result": RESULT}
          application/json  | [{"jsonrpc": "2.0", "method": "notifications/message"}, {"jsonrpc": "2.0", "id": ID, "result": RESULT}]
          application/json  | {"id": ID, "result": RESULT, "error": null, "extra": 1}
          text/event-stream | {"jsonrpc": "2.0", "id": ID, "result": RESULT}
          application/json  | data: {"jsonrpc": "2.0", "id": ID, "result": RESULT}~~
          text/plain        | event: message~data: {"jsonrpc": "2.0", "id": ID, "result": RESULT}~~
          text/event-stream | data:~~data: {"jsonrpc": "2.0", "id": 99, "result": {}}~~data: {"jsonrpc": "2.0", "id": ID,~data: "result": RESULT}
          text/event-stream | data: {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}~~data: {"jsonrpc": "2.0", "id": ID, "result": RESULT}~~
          """)
  void everyFrameOfAResponseIsRead(String type, String body) {
    server.on(
        "tools/call",
        message ->
            new Response(
                200,
                type,
                body.replace("ID", message.path("id").asText())
                    .replace("RESULT", text("framed"))
                    .replace("~", "\n")));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    assertThat(run().output(0)).isEqualTo("framed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          200 | {"jsonrpc": "2.0", "id": ID, "error": {"code": -32000}}          | mcp_error       | error -32000
          200 | {"jsonrpc": "2.0", "id": ID, "error": {"code": 1, "message": ""}} | mcp_error      | error 1
          200 | {"jsonrpc": "2.0", "id": ID, "error": "broken"}                  | mcp_error       | broken
          200 | {"jsonrpc": "2.0", "id": null, "error": {"message": "no json"}}  | mcp_error       | no json
          200 | {"jsonrpc": "2.0", "id": ID, "error": {}}                        | mcp_error       | an error
          202 | ``                                                              | outcome_unknown | no response
          200 | ``                                                              | outcome_unknown | no response
          200 | {"jsonrpc": "2.0", "id": ID                                      | outcome_unknown | not a message
          200 | <html>                                                           | outcome_unknown | no response
          500 | {}                                                               | outcome_unknown | status 500
          503 | {}                                                               | unreachable     | status 503
          401 | {}                                                               | unreachable     | status 401
          """)
  void aCallWithoutAResultIsAnErrorForTheModel(
      int status, String body, String type, String message) {
    server.on(
        "tools/call",
        request ->
            new Response(
                status, "application/json", body.replace("ID", request.path("id").asText())));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = run();

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains(type).contains(message);
  }

  @Test
  void aResponseThatIsTooLargeIsAnErrorForTheModel() {
    server.result("tools/call", text("x".repeat(300_000)));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    assertThat(run().output(0)).contains("outcome_unknown", "larger than");
  }
}
