package dev.threadmill.tools;

import static dev.threadmill.testing.QuirkyMcpServer.envelope;
import static dev.threadmill.testing.QuirkyMcpServer.json;
import static dev.threadmill.testing.QuirkyMcpServer.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.QuirkyMcpServer;
import dev.threadmill.testing.QuirkyMcpServer.Response;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** MCP servers that do not keep to the protocol, as real ones are known not to. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpQuirksTest {
  private static final Reply.Call ECHO = new Reply.Call("a", "docs_echo", "{\"text\": \"hello\"}");

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final QuirkyMcpServer server = new QuirkyMcpServer();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"object\"}",
        "{}",
        "null",
        "true",
        "{\"type\": [\"object\", \"null\"]}",
        "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"required\": \"none\"}"
      })
  void aSchemaWithoutPropertiesIsCompleted(String schema) {
    server.result(
        "tools/list", "{\"tools\": [{\"name\": \"go\", \"inputSchema\": " + schema + "}]}");
    provider.reply(Reply.call("docs_go", "{}"), Reply.text("Done."));

    var run = run();

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    var offered = provider.requests().getFirst().body().at("/tools/0/function/parameters");
    assertThat(offered.path("type").asText()).isEqualTo("object");
    assertThat(offered.path("properties").isObject()).isTrue();
    assertThat(offered.has("$schema")).isFalse();
    assertThat(run.output(0)).isEqualTo("you said ");
  }

  @Test
  void aToolThatCannotBeOfferedIsLeftOutWithAWarningInTheStep() {
    server.result(
        "tools/list",
        """
        {"tools": [
          {"name": "good", "description": null, "inputSchema": {"type": "object"}},
          {"name": "scalar", "inputSchema": {"type": "string"}},
          {"name": "list", "inputSchema": [1]},
          {"name": "circle", "inputSchema": {"type": "object", "$ref": "#"}},
          {"name": "file", "inputSchema": {"type": "object", "properties":
            {"a": {"$ref": "file:///etc/passwd"}}}},
          {"inputSchema": {"type": "object"}},
          "nonsense",
          {"name": "good", "description": "again", "inputSchema": {"type": "object"}},
          {"name": 7}
        ]}""");

    var run = run();

    assertThat(run.status()).isEqualTo("completed");
    assertThat(offered()).containsExactly("docs_good");
    var warnings = warnings(run);
    assertThat(warnings)
        .anyMatch(text -> text.contains("'docs'") && text.contains("'scalar'"))
        .anyMatch(text -> text.contains("'list'"))
        .anyMatch(text -> text.contains("'circle'") && text.contains("circle"))
        .anyMatch(text -> text.contains("'file'") && text.contains("leads out of the schema"))
        .anyMatch(text -> text.contains("without a usable name"))
        .anyMatch(text -> text.contains("'good' is listed more than once"));
  }

  @Test
  void aServerThatIsNotThereIsLeftOutWithAWarningInTheStep() {
    var assistant = assistant(server.url());
    server.close();

    var run = runs.run(assistant, "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(provider.lastRequest().body().has("tools")).isFalse();
    assertThat(warnings(run)).hasSize(1);
    assertThat(warnings(run).getFirst()).contains("'docs'", "its tools are left out");
    assertThat(
            api.get(runPath(run) + "/steps/" + run.steps().getFirst().path("id").asText())
                .json()
                .path("warnings"))
        .hasSize(1);
  }

  @Test
  void namesThatAreEqualOnceCleanedAreNumbered() {
    server.result(
        "tools/list",
        "{\"tools\": [%s]}"
            .formatted(
                List.of("a.b", "a/b", "a_b", "поиск", "найти", "x".repeat(80) + "1", "x".repeat(80))
                    .stream()
                    .map(name -> "{\"name\": \"%s\"}".formatted(name))
                    .collect(Collectors.joining(","))));
    provider.reply(Reply.call("docs_a_b_2", "{}"), Reply.text("Done."));

    run();

    assertThat(offered())
        .startsWith("docs_a_b", "docs_a_b_2", "docs_a_b_3", "docs______", "docs_______2")
        .doesNotHaveDuplicates()
        .allMatch(name -> name.length() <= 64);
    assertThat(server.received("tools/call").getFirst().at("/params/name").asText())
        .isEqualTo("a/b");
  }

  @Test
  void aCursorThatRepeatsEndsTheList() {
    var pages = new AtomicInteger();
    server.on(
        "tools/list",
        message ->
            json(
                envelope(
                    message.path("id"),
                    "{\"tools\": [{\"name\": \"t%d\"}], \"nextCursor\": \"same\"}"
                        .formatted(pages.incrementAndGet()))));

    var run = run();

    assertThat(offered()).containsExactly("docs_t1", "docs_t2");
    assertThat(warnings(run)).anyMatch(text -> text.contains("does not end"));
  }

  @Test
  void aListEndsAfterAThousandTools() {
    var pages = new AtomicInteger();
    server.on(
        "tools/list",
        message -> {
          int page = pages.incrementAndGet();
          var tools =
              IntStream.range(0, 300)
                  .mapToObj(i -> "{\"name\": \"t%d_%d\"}".formatted(page, i))
                  .collect(Collectors.joining(","));
          return json(
              envelope(
                  message.path("id"),
                  "{\"tools\": [%s], \"nextCursor\": \"%d\"}".formatted(tools, page)));
        });

    var run = run();

    assertThat(offered()).hasSize(1_000);
    assertThat(pages).hasValue(4);
    assertThat(warnings(run)).anyMatch(text -> text.contains("more than 1,000 tools"));
  }

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

  @Test
  void requestsOfTheServerInTheMiddleOfACallAreAnswered() {
    server.on(
        "tools/call",
        message ->
            new Response(
                200,
                "text/event-stream",
                """
                data: {"jsonrpc": "2.0", "id": "p1", "method": "ping"}

                data: {"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage", "params": {}}

                data: %s

                """
                    .formatted(envelope(message.path("id"), text("after the ping")))));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = run();

    assertThat(run.output(0)).isEqualTo("after the ping");
    assertThat(server.responses()).hasSize(2);
    assertThat(server.responses().getFirst().path("id").asText()).isEqualTo("p1");
    assertThat(server.responses().getFirst().path("result").isObject()).isTrue();
    assertThat(server.responses().getLast().at("/error/code").asInt()).isEqualTo(-32601);
  }

  @Test
  void anExpiredSessionIsOpenedOnceMore() {
    var calls = new AtomicInteger();
    server.on(
        "tools/call",
        message ->
            calls.incrementAndGet() == 1
                ? new Response(404, "application/json", "{}")
                : json(envelope(message.path("id"), text("second session"))));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = run();

    assertThat(run.output(0)).isEqualTo("second session");
    assertThat(calls).hasValue(2);
    assertThat(server.received("initialize")).hasSize(3);
  }

  @Test
  void aSessionThatExpiresAgainIsAnError() {
    server.on("tools/call", _ -> new Response(404, "application/json", "{}"));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    assertThat(run().output(0)).contains("unreachable", "ended the session");
    assertThat(server.received("tools/call")).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-10-01"})
  void everyVersionOfTheProtocolIsSpoken(String version) {
    server.result("initialize", "{\"protocolVersion\": \"%s\"}".formatted(version));
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    assertThat(run().output(0)).isEqualTo("you said hello");
    assertThat(server.requests().getLast().header("mcp-protocol-version")).isEqualTo(version);
  }

  @Test
  void aServerThatNamesNoVersionIsSpokenTo() {
    server.result("initialize", "{}");
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    assertThat(run().output(0)).isEqualTo("you said hello");
  }

  @Test
  void theOlderTransportIsSpoken() {
    provider.reply(Reply.calls(ECHO), Reply.text("Done."));

    var run = runs.run(assistant(server.sseUrl()), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).isEqualTo("you said hello");
    assertThat(server.received("tools/call")).hasSize(1);
    // The second session does not try the newer transport again.
    assertThat(server.requests())
        .filteredOn(call -> call.path().equals("/sse") && call.method().equals("POST"))
        .hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.2:1/messages", "//evil.example/x", "ftp:x", "{"})
  void theOlderTransportPostsToTheServersOwnOriginOnly(String endpoint) {
    server.endpoint(endpoint);

    var run = runs.run(assistant(server.sseUrl()), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(warnings(run).getFirst()).contains("'docs'");
  }

  @Test
  void toolsThatAreAllowedButDoNotExistAreNamed() {
    var run =
        runs.run(
            runs.assistant(
                "gpt-4o",
                "",
                """
                {"type": "mcp", "mcp": {"server_label": "docs", "server_url": "%s",
                 "allowed_tools": ["echo", "search"]}}"""
                    .formatted(server.url())),
            "Go");

    assertThat(offered()).containsExactly("docs_echo");
    assertThat(warnings(run)).anyMatch(text -> text.contains("search"));
  }

  private ToolRuns.Stopped run() {
    return runs.run(assistant(server.url()), "Go");
  }

  private List<String> offered() {
    var names = new ArrayList<String>();
    provider
        .requests()
        .getFirst()
        .body()
        .path("tools")
        .forEach(tool -> names.add(tool.at("/function/name").asText()));
    return names;
  }

  private static List<String> warnings(ToolRuns.Stopped run) {
    var warnings = new ArrayList<String>();
    for (JsonNode warning : run.steps().getFirst().path("warnings")) {
      warnings.add(warning.asText());
    }
    return warnings;
  }

  private static String runPath(ToolRuns.Stopped run) {
    return "/v1/threads/%s/runs/%s"
        .formatted(run.run().path("thread_id").asText(), run.run().path("id").asText());
  }

  private String assistant(String url) {
    return runs.assistant(
        "gpt-4o",
        "",
        """
        {"type": "mcp", "mcp": {"server_label": "docs", "server_url": "%s",
         "require_approval": "never"}}"""
            .formatted(url));
  }
}
