package dev.threadmill.tools;

import static dev.threadmill.testing.QuirkyMcpServer.envelope;
import static dev.threadmill.testing.QuirkyMcpServer.json;
import static dev.threadmill.testing.QuirkyMcpServer.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MCP servers whose lists of tools do not keep to the protocol. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpToolListQuirksTest extends McpQuirksFixture {
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
            api.get(run.path() + "/steps/" + run.steps().getFirst().path("id").asText())
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
}
