package dev.threadmill.privacy;

import static dev.threadmill.privacy.PrivacyCorpus.ALL;
import static dev.threadmill.privacy.PrivacyCorpus.CORPUS;
import static dev.threadmill.privacy.PrivacyCorpus.entities;
import static dev.threadmill.privacy.PrivacyCorpus.escapes;
import static dev.threadmill.privacy.PrivacyCorpus.fullWidth;
import static dev.threadmill.privacy.PrivacyCorpus.json;
import static dev.threadmill.privacy.PrivacyCorpus.leaks;
import static dev.threadmill.privacy.PrivacyCorpus.percent;
import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Personal data in twelve languages through every door, searched for in all that the server keeps,
 * sends and logs.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class PrivacyTest extends PrivacySetup {
  @Test
  void nothingOfACorpusInTwelveLanguagesIsKeptWhateverDoorItComesThrough() throws Exception {
    var assistant =
        assistant(
            """
            "name": "Private", "instructions": %s, "metadata": {"owner": "wendolyn.archer@example.org"},
            "exposure": {"mcp": true, "a2a": true},
            "tools": [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}], %s"""
                .formatted(json("Serve our client. " + ALL), STRICT));
    // Messages, a tool call of the model, its output, and the answer.
    var thread =
        post(
                "/v1/threads",
                "{\"metadata\": {\"user\": \"wendolyn.archer@example.org\"}, \"messages\": [{\"role\": \"user\", \"content\": %s}]}"
                    .formatted(json(ALL)))
            .path("id")
            .asText();
    provider.reply(
        Reply.call("look_up", "{\"q\": %s}".formatted(json(ALL))), Reply.text("I have: " + ALL));
    var run =
        post("/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"%s\"}".formatted(assistant));
    var waiting = runs.stopped(run);
    assertThat(waiting.status()).isEqualTo("requires_action");
    assertThat(leaks(waiting.run().toString()))
        .containsOnly("wendolyn.archer@example.org", "слава@почта.рф");
    runs.submit(waiting, ALL);
    // A stream.
    provider.reply(Reply.text("Streamed: " + ALL));
    try (var stream =
        api.stream(
            "/v1/threads/" + thread + "/runs",
            "{\"assistant_id\": \"%s\", \"stream\": true, \"additional_messages\": [{\"role\": \"user\", \"content\": %s}]}"
                .formatted(assistant, json(ALL)))) {
      var frames =
          stream.rest().stream()
              .flatMap(frame -> frame.lines().stream())
              .collect(Collectors.joining("\n"));
      assertThat(frames).contains("thread.message.delta");
      assertThat(leaks(frames)).containsOnly("wendolyn.archer@example.org", "слава@почта.рф");
    }
    // Responses, chat completions, embeddings, moderation by the same body filter.
    provider.reply(Reply.text("A response: " + ALL));
    var response =
        post("/v1/responses", "{\"model\": \"gpt-4o\", \"input\": %s}".formatted(json(ALL)));
    assertThat(leaks(response.toString()))
        .containsOnly("wendolyn.archer@example.org", "слава@почта.рф");
    provider.reply(Reply.text("A completion: " + ALL));
    post(
        "/v1/chat/completions",
        "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": %s}]}"
            .formatted(json(ALL)));
    post(
        "/v1/embeddings",
        "{\"model\": \"text-embedding-3-small\", \"input\": %s}".formatted(json(ALL)));
    // MCP and A2A.
    provider.reply(Reply.text("Over MCP: " + ALL));
    var mcp =
        api.with("Accept", "application/json, text/event-stream")
            .post(
                "/v1/mcp",
                "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"tools/call\", \"params\": {\"name\": \"private\", \"arguments\": {\"message\": %s}}}"
                    .formatted(json(ALL)));
    assertThat(mcp.status()).as(mcp.text()).isEqualTo(200);
    assertThat(mcp.text()).contains("Over MCP");
    provider.reply(Reply.text("Over A2A: " + ALL));
    var a2a =
        post(
            "/v1/a2a/" + assistant,
            "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"SendMessage\", \"params\": {\"message\": {\"messageId\": \"%s\", \"role\": \"ROLE_USER\", \"parts\": [{\"text\": %s}]}}}"
                .formatted(UUID.randomUUID(), json(ALL)));
    assertThat(a2a.toString()).contains("Over A2A");
    // Encodings of the same.
    for (var encoded : List.of(percent(ALL), entities(ALL), escapes(ALL), fullWidth(ALL))) {
      post(
          "/v1/threads",
          "{\"messages\": [{\"role\": \"user\", \"content\": %s}]}".formatted(json(encoded)));
    }
    // A file with its name, in a message and in the prompt.
    var form =
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "wendolyn.archer@example.org.txt", ALL);
    var file =
        api.with("Content-Type", FormBody.contentType()).send("POST", "/v1/files", form.bytes());
    assertThat(file.status()).as(file.text()).isEqualTo(200);
    provider.reply(Reply.text("The file has: " + ALL));
    var read =
        post(
            "/v1/threads/runs",
            "{\"assistant_id\": \"%s\", \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Read it\"}, {\"type\": \"file\", \"file_id\": \"%s\"}]}]}}"
                .formatted(assistant, file.id()));
    assertThat(runs.stopped(read).status()).isEqualTo("completed");
    assertThat(provider.lastRequest().body().toString()).contains("[the file");

    assertThat(provider.requests()).hasSizeGreaterThan(6);
    assertNothingLeaked();
    assertThat(leaks(contentOnDisk(file.id()))).as("in the file on disk").isEmpty();
    assertThat(api.get("/v1/files/" + file.id() + "/content").text()).isEqualTo(ALL);
  }

  private String contentOnDisk(String file) throws IOException {
    var blob =
        jdbc.list("SELECT blob FROM files WHERE id = ?", row -> row.text("blob"), file).getFirst();
    var bytes = Files.readAllBytes(blobs.localPath(blob).orElseThrow());
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void theSameValueHasTheSameTokenAndIsTurnedBackWhereItIsAllowed() {
    assistant(STRICT);
    var thread =
        post(
            "/v1/threads",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Mail Ada.L@example.com, phone +49 30 901820\"}, {\"role\": \"user\", \"content\": \"again ada.l@example.com and +4930901820\"}]}");
    var messages = api.get("/v1/threads/" + thread.path("id").asText() + "/messages").json();
    var stored =
        jdbc.list(
            "SELECT content::text AS text FROM messages WHERE thread_id = ? ORDER BY id",
            row -> row.text("text"),
            thread.path("id").asText());

    var tokens = new ArrayList<String>();
    for (var text : stored) {
      var token = TOKEN.matcher(text);
      while (token.find()) {
        tokens.add(token.group());
      }
    }
    assertThat(tokens).hasSize(4);
    assertThat(tokens.stream().distinct()).hasSize(2);
    assertThat(messages.toString()).contains("Ada.L@example.com").doesNotContain("901820");
  }

  @Test
  void aToolThatNeedsRealValuesGetsThemAndWhatItAnswersIsReplacedAgain() {
    receiver.on(
        "/mail", RecordingServer.json(200, "{\"sent to\": \"ada@example.com, +49 30 901820\"}"));
    var assistant =
        assistant(
            """
            "tools": [{"type": "webhook", "webhook": {"name": "send_mail", "endpoint": "%s",
              "parameters": {"type": "object"}}}],
            "privacy": {"mode": "strict", "tools": {"send_mail": ["email"]}}"""
                .formatted(receiver.url("/mail")));
    provider.otherwise(
        request -> {
          var prompt = request.body().toString();
          var token = TOKEN.matcher(prompt);
          return prompt.contains("\"tool\"") || !token.find()
              ? Reply.text("Sent.")
              : Reply.call("send_mail", "{\"to\": \"%s\"}".formatted(token.group()));
        });

    var stopped = runs.run(assistant, "Write to ada@example.com");

    assertThat(stopped.status()).isEqualTo("completed");
    assertThat(receiver.calls().getFirst().body()).contains("ada@example.com");
    assertThat(stopped.output(0)).doesNotContain("ada@example.com").doesNotContain("901820");
    assertThat(stopped.output(0)).containsPattern(TOKEN);
  }

  @Test
  void aStreamInAnyPiecesGivesTheTextOfTheWhole() {
    assistant(STRICT);
    var source = ContentSource.model(new ProjectId(project), null, null);
    var random = new Random(7);
    for (var sentence : CORPUS.keySet()) {
      var whole = gate.apply(source, "Well. " + sentence + " That is all.");
      assertThat(leaks(whole)).as(sentence).isEmpty();
      for (int i = 0; i < 5; i++) {
        var stream = gate.open(source);
        var passed = new StringBuilder();
        var text = "Well. " + sentence + " That is all.";
        for (int at = 0; at < text.length(); ) {
          int to = Math.min(text.length(), at + 1 + random.nextInt(9));
          passed.append(stream.next(text.substring(at, to)));
          assertThat(leaks(passed.toString())).isEmpty();
          at = to;
        }
        assertThat(passed.append(stream.end()).toString()).isEqualTo(whole);
      }
    }
  }

  @Test
  void mediaInWhichNothingCanBeFoundAreRefusedUnlessAllowed() {
    assistant("\"privacy\": {\"mode\": \"strict\"}");
    var image =
        "{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"https://example.com/a.png\"}}]}";
    var refused = api.post("/v1/threads", "{\"messages\": [%s]}".formatted(image));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("messages[0].content[0]");

    var other = new PrivacyTestProject(admin);
    other.assistant("\"privacy\": {\"mode\": \"strict\", \"allowed_entities\": [\"image\"]}");
    assertThat(other.api().post("/v1/threads", "{\"messages\": [%s]}".formatted(image)).status())
        .isEqualTo(200);
  }

  @Test
  void standardReplacesNumbersAndSecretsOnly() {
    admin.post("/v1/projects/" + project, "{\"privacy\": {\"mode\": \"standard\"}}");
    var thread =
        post(
            "/v1/threads",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"ada@example.com, card 4111 1111 1111 1111\"}]}");

    var text = api.get("/v1/threads/" + thread.path("id").asText() + "/messages").json().toString();

    assertThat(text).contains("ada@example.com").doesNotContain("4111").contains("[CARD_");
    admin.post("/v1/projects/" + project, "{\"privacy\": null}");
    assertThat(post("/v1/threads", "{\"metadata\": {\"a\": \"4111 1111 1111 1111\"}}").toString())
        .contains("4111 1111 1111 1111");
  }
}
