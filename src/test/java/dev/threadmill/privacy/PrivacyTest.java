package dev.threadmill.privacy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Personal data in twelve languages through every door, searched for in all that the server keeps,
 * sends and logs.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class PrivacyTest {
  /** Sentences, and the personal data in each. */
  private static final Map<String, List<String>> CORPUS =
      Map.ofEntries(
          Map.entry(
              "My name is Wendolyn Archer, mail wendolyn.archer@example.org, call +1 415-555-2671 or +44 20 7946 0958.",
              List.of(
                  "Wendolyn Archer", "wendolyn.archer@example.org", "415-555-2671", "7946 0958")),
          Map.entry(
              "Ich heiße Leopold Brünnhilder, geboren am 12.03.1985, Steuer-ID 86 095 742 719, Musterstraße 12, 10115 Berlin.",
              List.of("Leopold Brünnhilder", "12.03.1985", "86 095 742 719", "Musterstraße 12")),
          Map.entry(
              "Je m'appelle Zoé Lefèvre, 12 rue de la Paix, 75002 Paris, NIR 1 85 05 78 006 084 91.",
              List.of("Zoé Lefèvre", "12 rue de la Paix", "1 85 05 78 006 084 91")),
          Map.entry(
              "Me llamo Íñigo Zubizarreta, DNI 12345678Z, IBAN ES91 2100 0418 4502 0005 1332.",
              List.of("Íñigo Zubizarreta", "12345678Z", "ES91 2100 0418 4502 0005 1332")),
          Map.entry(
              "Mi chiamo Ottaviano Grimaldi, codice fiscale RSSMRA85T10A562S, Via Garibaldi 27, 00184 Roma.",
              List.of("Ottaviano Grimaldi", "RSSMRA85T10A562S", "Via Garibaldi 27")),
          Map.entry(
              "Ik heet Floortje Dijkgraaf, mijn BSN is 111222333, Keizersgracht 123, 1015 CJ Amsterdam.",
              List.of("Floortje Dijkgraaf", "111222333", "Keizersgracht 123")),
          Map.entry(
              "Nazywam się Grzegorz Szczepański, PESEL 44051401359, ul. Długa 57, 00-238 Warszawa.",
              List.of("Grzegorz Szczepański", "44051401359", "ul. Długa 57")),
          Map.entry(
              "Meu nome é Thiago Vasconcelos, CPF 529.982.247-25, cartão 4111 1111 1111 1111.",
              List.of("Thiago Vasconcelos", "529.982.247-25", "4111 1111 1111 1111")),
          Map.entry(
              "Jag heter Sigrid Ekholm, personnummer 811228-9874, född 28 december 1981.",
              List.of("Sigrid Ekholm", "811228-9874", "28 december 1981")),
          Map.entry(
              "Меня зовут Святослав Ермолаев, СНИЛС 112-233-445 95, почта слава@почта.рф.",
              List.of("Святослав Ермолаев", "112-233-445 95", "слава@почта.рф")),
          Map.entry(
              "Benim adım Gülbahar Yıldırım, TC 10000000146, IP 203.0.113.45, şifre: Qx7!kelebek.",
              List.of("Gülbahar Yıldırım", "10000000146", "203.0.113.45", "Qx7!kelebek")),
          Map.entry(
              "私の名前は綾小路麗子です。電話は 03-1234-5678 です。生年月日は1985年3月12日です。 sk-proj-9aZkQm3LxT7vYw2BcR5n",
              List.of("綾小路麗子", "03-1234-5678", "1985年3月12日", "sk-proj-9aZkQm3LxT7vYw2BcR5n")));

  private static final List<String> VALUES =
      CORPUS.values().stream().flatMap(List::stream).toList();

  private static final String ALL = String.join("\n", CORPUS.keySet());

  private static final Pattern TOKEN = Pattern.compile("\\[[A-Z]+_[A-Z2-7]{12}\\]");

  private static final String STRICT =
      """
      "privacy": {"mode": "strict", "allowed_entities": ["customer_id", "email"]}\
      """;

  FakeProvider provider;
  @Inject Jdbc jdbc;
  @Inject ContentGate gate;

  private final StringBuffer log = new StringBuffer();
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          log.append(entry.getMessage()).append(' ');
          if (entry.getParameters() != null) {
            log.append(List.of(entry.getParameters()).toString());
          }
          if (entry.getThrown() != null) {
            log.append(entry.getThrown());
          }
          log.append('\n');
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private final RecordingServer receiver = RecordingServer.start();
  private final ApiClient admin = ApiClient.admin();
  private String project;
  private ApiClient api;
  private ToolRuns runs;

  @BeforeEach
  void beginAnew() {
    provider.reset();
    Logger.getLogger("").addHandler(listener);
    project = admin.post("/v1/projects", "{\"name\": \"private\"}").id();
    api =
        ApiClient.withKey(
            admin
                .post("/v1/projects/" + project + "/api_keys", "{}")
                .json()
                .path("value")
                .asText());
    runs = new ToolRuns(api);
  }

  @AfterEach
  void stop() {
    Logger.getLogger("").removeHandler(listener);
    receiver.close();
  }

  private static String json(String text) {
    return JsonNodeFactory.instance.textNode(text).toString();
  }

  private JsonNode post(String path, String body) {
    var answer = api.post(path, body);
    assertThat(answer.status()).as(path + " " + answer.text()).isEqualTo(200);
    return answer.json();
  }

  private String assistant(String more) {
    return post("/v1/assistants", "{\"model\": \"gpt-4o\", %s}".formatted(more))
        .path("id")
        .asText();
  }

  private static List<String> leaks(String text) {
    return VALUES.stream().filter(text::contains).toList();
  }

  private void assertNothingLeaked() {
    var tables =
        jdbc.list(
            """
            SELECT table_name FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE'\
            """,
            row -> row.text("table_name"));
    var found = new ArrayList<String>();
    for (var table : tables) {
      for (var value : VALUES) {
        int rows =
            jdbc.list(
                    "SELECT count(*)::int AS n FROM \"%s\" AS t WHERE strpos(t::text, ?) > 0 OR strpos(t::text, ?) > 0"
                        .formatted(table),
                    row -> row.integer("n"),
                    value,
                    json(value).replaceAll("^\"|\"$", ""))
                .getFirst();
        if (rows > 0) {
          found.add(table + ": " + value);
        }
      }
    }
    assertThat(found).as("in the database").isEmpty();
    assertThat(leaks(log.toString())).as("in the log").isEmpty();
    for (var request : provider.requests()) {
      assertThat(leaks(request.body().toString())).as("at the provider").isEmpty();
    }
    for (var request : provider.embeddingsRequests()) {
      assertThat(leaks(request.body().toString())).as("at the embedding model").isEmpty();
    }
    assertThat(leaks(ApiClient.anonymous().get("/metrics").text())).as("in metrics").isEmpty();
  }

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
    api.post(
        "/v1/embeddings",
        "{\"model\": \"text-embedding-3-small\", \"input\": %s}".formatted(json(ALL)));
    // MCP and A2A.
    provider.reply(Reply.text("Over MCP: " + ALL));
    api.with("Accept", "application/json, text/event-stream")
        .post(
            "/v1/mcp",
            "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"tools/call\", \"params\": {\"name\": \"private\", \"arguments\": {\"message\": %s}}}"
                .formatted(json(ALL)));
    provider.reply(Reply.text("Over A2A: " + ALL));
    api.post(
        "/v1/a2a/" + assistant,
        "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"SendMessage\", \"params\": {\"message\": {\"messageId\": \"%s\", \"role\": \"ROLE_USER\", \"parts\": [{\"text\": %s}]}}}"
            .formatted(UUID.randomUUID(), json(ALL)));
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

  @Test
  void everythingAboutAUserIsReportedAndErasedAndItsTokensStandForNothingAnyMore() {
    assistant(STRICT);
    var user = "grace.h@example.com";
    var body =
        "{\"metadata\": {\"user\": \"%s\"}, \"messages\": [{\"role\": \"user\", \"content\": \"I am %s\"}]}";
    var thread = post("/v1/threads", body.formatted(user, user)).path("id").asText();
    var kept = post("/v1/threads", body.formatted("other", user)).path("id").asText();
    var path = "/v1/projects/" + project + "/users/" + user;

    var report = api.get(path);
    assertThat(report.status()).as(report.text()).isEqualTo(200);
    assertThat(report.json().at("/counts/threads").asInt()).isEqualTo(1);
    assertThat(report.json().at("/counts/messages").asInt()).isEqualTo(1);
    assertThat(report.json().at("/counts/vault_values").asInt()).isEqualTo(1);
    assertThat(report.json().at("/thread_ids/0").asText()).isEqualTo(thread);

    var erased = api.delete(path);
    assertThat(erased.json().path("status").asText()).as(erased.text()).isEqualTo("completed");
    assertThat(erased.json().at("/counts/messages").asInt()).isEqualTo(1);
    assertThat(api.get("/v1/threads/" + thread).status()).isEqualTo(404);
    assertThat(api.get("/v1/threads/" + kept + "/messages").text()).contains("[EMAIL_");
    assertThat(api.get(path).json().at("/counts/threads").asInt()).isZero();
    assertThat(ApiClient.stranger().get(path).status()).isEqualTo(404);
  }
}
