package dev.threadmill.privacy;

import static dev.threadmill.privacy.PrivacyCorpus.VALUES;
import static dev.threadmill.privacy.PrivacyCorpus.json;
import static dev.threadmill.privacy.PrivacyCorpus.leaks;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.storage.BlobStore;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.privacy.detect.PersonalData;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.ToolRuns;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A private project, and the search for personal data in all that the server keeps and sends. */
abstract class PrivacySetup {
  static final Pattern TOKEN = Pattern.compile("\\[[A-Z]+_[A-Z2-7]{12}\\]");

  static final String STRICT =
      """
      "privacy": {"mode": "strict", "allowed_entities": ["customer_id", "email"]}\
      """;

  FakeProvider provider;
  @Inject Jdbc jdbc;
  @Inject ContentGate gate;
  @Inject BlobStore blobs;

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

  final RecordingServer receiver = RecordingServer.start();
  final ApiClient admin = ApiClient.admin();
  String project;
  ApiClient api;
  ToolRuns runs;

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

  JsonNode post(String path, String body) {
    var answer = api.post(path, body);
    assertThat(answer.status()).as(path + " " + answer.text()).isEqualTo(200);
    return answer.json();
  }

  String assistant(String more) {
    return post("/v1/assistants", "{\"model\": \"gpt-4o\", %s}".formatted(more))
        .path("id")
        .asText();
  }

  /** Encoded values in the messages of the project, read as a person would read them. */
  private List<String> encodedLeaks() {
    return jdbc
        .list(
            "SELECT content::text AS text FROM messages WHERE project_id = ?",
            row -> row.text("text"),
            project)
        .stream()
        .flatMap(text -> leaks(PersonalData.plain(text)).stream())
        .toList();
  }

  void assertNothingLeaked() {
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
    assertThat(encodedLeaks()).as("encoded, in messages").isEmpty();
    assertThat(leaks(log.toString())).as("in the log").isEmpty();
    for (var request : provider.requests()) {
      assertThat(leaks(request.body().toString())).as("at the provider").isEmpty();
    }
    for (var request : provider.embeddingsRequests()) {
      assertThat(leaks(request.body().toString())).as("at the embedding model").isEmpty();
    }
    assertThat(leaks(ApiClient.anonymous().get("/metrics").text())).as("in metrics").isEmpty();
  }
}
