package dev.threadmill.users;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.storage.BlobStore;
import dev.threadmill.limits.Tenant;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Everything about one user: its report, its export and its erasure. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class UserDataTest {
  private static final String USER = "grace.h@example.com";
  private static final String STRICT =
      "{\"privacy\": {\"mode\": \"strict\", \"allowed_entities\": [\"email\"]}}";

  @Inject Jdbc jdbc;
  @Inject BlobStore blobs;
  @Inject EraseUser erase;

  private final Tenant tenant = Tenant.create();
  private final ApiClient api = tenant.api();
  private final String path = "/v1/projects/" + tenant.id() + "/users/" + USER;

  private String thread(String user, String more) {
    var made =
        api.post(
            "/v1/threads",
            "{\"metadata\": {\"user\": \"%s\"}, \"messages\": [{\"role\": \"user\", \"content\": \"I am %s\" %s}]}"
                .formatted(user, USER, more));
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    return made.id();
  }

  private void beStrict() {
    assertThat(tenant.admin().post("/v1/projects/" + tenant.id(), STRICT).status()).isEqualTo(200);
  }

  private String file(String text) {
    var form = new FormBody().field("purpose", "assistants").file("file", "about.txt", text);
    var sent =
        api.with("Content-Type", FormBody.contentType()).send("POST", "/v1/files", form.bytes());
    assertThat(sent.status()).as(sent.text()).isEqualTo(200);
    return sent.id();
  }

  private static String attached(String file) {
    return ", \"attachments\": [{\"file_id\": \"%s\", \"tools\": [{\"type\": \"file_search\"}]}]"
        .formatted(file);
  }

  @Test
  void everythingAboutAUserIsReportedAndErasedAndItsTokensStandForNothingAnyMore()
      throws Exception {
    beStrict();
    var file = file("Grace writes from " + USER);
    var thread = thread(USER, attached(file));
    var kept = thread("other", "");
    var blob =
        jdbc.list("SELECT blob FROM files WHERE id = ?", row -> row.text("blob"), file).getFirst();
    var bytes = Files.readAllBytes(blobs.localPath(blob).orElseThrow());

    var report = api.get(path);
    assertThat(report.status()).as(report.text()).isEqualTo(200);
    assertThat(report.json().at("/counts/threads").asInt()).isEqualTo(1);
    assertThat(report.json().at("/counts/messages").asInt()).isEqualTo(1);
    assertThat(report.json().at("/counts/vault_values").asInt()).isPositive();
    assertThat(report.json().at("/thread_ids/0").asText()).isEqualTo(thread);
    assertThat(new String(bytes, StandardCharsets.UTF_8)).doesNotContain("Grace");
    assertThat(api.get("/v1/files/" + file + "/content").text()).contains("Grace writes");

    var erased = api.delete(path);

    assertThat(erased.json().path("status").asText()).as(erased.text()).isEqualTo("completed");
    assertThat(erased.json().at("/counts/messages").asInt()).isEqualTo(1);
    assertThat(erased.json().at("/file_ids/0").asText()).isEqualTo(file);
    assertThat(api.get("/v1/threads/" + thread).status()).isEqualTo(404);
    assertThat(api.get("/v1/files/" + file).status()).isEqualTo(404);
    assertThat(api.get("/v1/threads/" + kept + "/messages").text()).contains("[EMAIL_");
    assertThat(api.get(path).json().at("/counts/threads").asInt()).isZero();
    // The key of the bytes is given up with the file.
    assertThat(
            jdbc.list(
                "SELECT key FROM file_blobs WHERE key = ? AND state = 'stored'",
                row -> row.text("key"),
                blob))
        .isEmpty();
    assertThat(ApiClient.stranger().get(path).status()).isEqualTo(404);

    var erasures = "/v1/projects/" + tenant.id() + "/user_erasures";
    var stored = api.get(erasures + "/" + erased.json().path("id").asText()).json();
    assertThat(stored.path("status").asText()).isEqualTo("completed");
    assertThat(stored.path("counts")).isEqualTo(erased.json().path("counts"));
    assertThat(stored.path("user_id").isNull()).isTrue();
    assertThat(api.get(erasures).json().path("data")).hasSize(1);
    assertThat(ApiClient.stranger().get(erasures).status()).isEqualTo(404);
  }

  @Test
  void anErasureThatANodeLeftIsContinuedByAnother() {
    var thread = thread(USER, "");
    jdbc.update(
        """
        INSERT INTO user_erasures (id, project_id, user_id, created_at, due)
        VALUES (?, ?, ?, now(), now() - interval '1 second')
        """,
        "erasure_left" + tenant.id(),
        tenant.id(),
        USER);

    erase.continueAll();

    assertThat(api.get("/v1/threads/" + thread).status()).isEqualTo(404);
    var report =
        api.get("/v1/projects/" + tenant.id() + "/user_erasures/erasure_left" + tenant.id()).json();
    assertThat(report.path("status").asText()).isEqualTo("completed");
    assertThat(report.at("/counts/threads").asInt()).isEqualTo(1);
  }

  @Test
  void anExportHasALineForEachThingAndNothingOfOthers() {
    beStrict();
    var file = file("About Grace");
    var thread = thread(USER, attached(file));
    for (int i = 0; i < 45; i++) {
      api.post(
          "/v1/threads/" + thread + "/messages",
          "{\"role\": \"user\", \"content\": \"Line %d of %s\"}".formatted(i, USER));
    }
    thread("other", "");

    var export = api.get(path + "/export");

    assertThat(export.status()).as(export.text()).isEqualTo(200);
    assertThat(export.headers().firstValue("content-type").orElse(""))
        .startsWith("application/jsonl");
    List<JsonNode> lines = export.text().lines().map(Json::tree).toList();
    assertThat(lines).filteredOn(line -> is(line, "thread")).hasSize(1);
    assertThat(lines)
        .filteredOn(line -> is(line, "message"))
        .hasSize(46)
        .allSatisfy(line -> assertThat(line.toString()).contains(USER));
    assertThat(lines)
        .filteredOn(line -> is(line, "file"))
        .extracting(line -> line.at("/data/id").asText())
        .containsExactly(file);
    assertThat(export.text()).doesNotContain("\"other\"");
    assertThat(api.get(path + "x/export").text()).isEmpty();
    assertThat(ApiClient.stranger().get(path + "/export").status()).isEqualTo(404);
  }

  private static boolean is(JsonNode line, String object) {
    return line.path("object").asText().equals(object);
  }
}
