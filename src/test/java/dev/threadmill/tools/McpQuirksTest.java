package dev.threadmill.tools;

import static dev.threadmill.testing.QuirkyMcpServer.envelope;
import static dev.threadmill.testing.QuirkyMcpServer.json;
import static dev.threadmill.testing.QuirkyMcpServer.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.QuirkyMcpServer.Response;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MCP servers whose sessions, versions and transports differ from the protocol. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpQuirksTest extends McpQuirksFixture {
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

  @ParameterizedTest
  @ValueSource(strings = {"echo", "docs_echo", "docs", "mcp"})
  void aFileThatIsAttachedForAToolIsDescribedInTheMetadataOfItsCalls(String named) {
    provider.reply(Reply.calls(ECHO), Reply.text("Done."), Reply.calls(ECHO), Reply.text("Done."));
    var assistant = assistant(server.url());
    var file =
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "card.json", "application/json", new byte[] {'{', '}'})
            .post(api, "/v1/files")
            .id();

    assertThat(runs.runWithFile(assistant, file, named).status()).isEqualTo("completed");
    assertThat(runs.runWithFile(assistant, file, "payment").status()).isEqualTo("completed");

    var calls = server.received("tools/call");
    var described = calls.getFirst().at("/params/_meta").path("threadmill/files");
    assertThat(described).hasSize(1);
    assertThat(described.at("/0/file_id").asText()).isEqualTo(file);
    assertThat(described.at("/0/filename").asText()).isEqualTo("card.json");
    assertThat(described.at("/0/content_url").asText()).endsWith("/v1/files/" + file + "/content");
    assertThat(calls.getLast().at("/params/_meta").has("threadmill/files")).isFalse();
    assertThat(calls).hasSize(2);
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
}
