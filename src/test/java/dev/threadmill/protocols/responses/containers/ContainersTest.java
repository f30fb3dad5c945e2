package dev.threadmill.protocols.responses.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.tools.code.Containers;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Containers: sessions of the code interpreter that responses share, and their files. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(90)
class ContainersTest {
  private final ApiClient user = ApiClient.user();
  private final String model = "cntr-" + UUID.randomUUID();
  FakeProvider provider;

  @Inject Sandbox sandbox;
  @Inject SettableClock clock;
  @Inject Containers containers;

  @BeforeEach
  void requireSandbox() {
    provider.reset();
    var state = sandbox.availability();
    assumeTrue(state.isAvailable(), state.line());
  }

  @AfterEach
  void setTheClock() {
    clock.reset();
  }

  private static Reply code(String code) {
    return Reply.call("code_interpreter", Json.write(Map.of("code", code)));
  }

  private String container(String more) {
    var created = user.post("/v1/containers", "{\"name\": \"c\"" + more + "}");
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.id();
  }

  private JsonNode respond(String container) {
    var response =
        user.post(
            "/v1/responses",
            """
            {"model": "%s", "input": "Go", "include": ["code_interpreter_call.outputs"],
             "tools": [{"type": "code_interpreter", "container": %s}]}"""
                .formatted(model, container));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  private String file(String name, String content) {
    return new FormBody()
        .field("purpose", "user_data")
        .file("file", name, content)
        .post(user, "/v1/files")
        .id();
  }

  @Test
  void responsesOfDifferentThreadsShareTheVariablesAndFilesOfAContainer() {
    var file = file("numbers.csv", "1\n2\n");
    var id = container(", \"file_ids\": [\"" + file + "\"]");
    provider.replyTo(
        model,
        code(
            "total = sum(int(l) for l in open('/mnt/data/numbers.csv')); open('sum.txt', 'w').write(str(total))"),
        Reply.text("See [the sum](sandbox:/mnt/data/sum.txt)."),
        code("print(total + 1)"),
        Reply.text("Four."));

    var first = respond("\"" + id + "\"");
    var second = respond("\"" + id + "\"");

    assertThat(first.at("/output/0/container_id").asText()).isEqualTo(id);
    assertThat(second.at("/output/0/code").asText()).isEqualTo("print(total + 1)");
    assertThat(second.at("/output/0/outputs/0/logs").asText()).startsWith("4");
    var citation = first.at("/output/1/content/0/annotations/0");
    assertThat(citation.path("type").asText()).isEqualTo("container_file_citation");
    assertThat(citation.path("container_id").asText()).isEqualTo(id);
    assertThat(citation.path("filename").asText()).isEqualTo("sum.txt");
    var path = "/v1/containers/" + id + "/files/" + citation.path("file_id").asText();
    assertThat(user.get(path).json().path("source").asText()).isEqualTo("assistant");
    assertThat(user.get(path).json().path("path").asText()).isEqualTo("/mnt/data/sum.txt");
    assertThat(user.get(path + "/content").text()).isEqualTo("3");
    var listed = user.get("/v1/containers/" + id + "/files?order=asc").json();
    assertThat(listed.findValuesAsText("path"))
        .containsExactlyInAnyOrder("/mnt/data/numbers.csv", "/mnt/data/sum.txt");
    assertThat(user.get("/v1/containers/" + id + "/files/cfile_none").status()).isEqualTo(404);
  }

  @Test
  void theContainerOfAThreadIsListedAndHasTheFilesOfItsCode() {
    provider.replyTo(model, code("open('made.txt', 'w').write('x')"), Reply.text("Done."));

    var response = respond("{\"type\": \"auto\"}");

    var stored = user.get("/v1/responses/" + response.path("id").asText()).json();
    assertThat(stored.at("/output/0/code").asText()).startsWith("open('made.txt'");
    var id = response.at("/output/0/container_id").asText();
    assertThat(user.get("/v1/containers/" + id).json().path("status").asText())
        .isEqualTo("running");
    assertThat(user.get("/v1/containers?limit=100").json().findValuesAsText("id")).contains(id);
    assertThat(user.get("/v1/containers/" + id + "/files").json().findValuesAsText("path"))
        .containsExactly("/mnt/data/made.txt");
    assertThat(ApiClient.stranger().get("/v1/containers/" + id).status()).isEqualTo(404);
  }

  @Test
  void filesAreUploadedReadByCodeAndDeleted() {
    var id = container("");
    var uploaded =
        new FormBody()
            .file("file", "a.txt", "hello")
            .post(user, "/v1/containers/" + id + "/files")
            .json();
    assertThat(uploaded.path("object").asText()).isEqualTo("container.file");
    assertThat(uploaded.path("source").asText()).isEqualTo("user");
    var other = file("a.txt", "world");
    var added =
        user.post("/v1/containers/" + id + "/files", "{\"file_id\": \"%s\"}".formatted(other));
    assertThat(added.json().path("path").asText()).isEqualTo("/mnt/data/a (2).txt");
    provider.replyTo(
        model, code("print(open('a.txt').read() + open('a (2).txt').read())"), Reply.text("Ok."));

    var response = respond("\"" + id + "\"");

    assertThat(response.at("/output/0/outputs/0/logs").asText()).contains("helloworld");
    var path = "/v1/containers/" + id + "/files/" + uploaded.path("id").asText();
    assertThat(user.delete(path).json().path("deleted").asBoolean()).isTrue();
    assertThat(user.get(path).status()).isEqualTo(404);
    assertThat(user.get("/v1/files/" + other).status()).isEqualTo(200);
  }

  @Test
  void anExpiredContainerRefusesWorkAndItsFilesAreGone() {
    var id = container(", \"expires_after\": {\"anchor\": \"last_active_at\", \"minutes\": 5}");
    var uploaded =
        new FormBody()
            .file("file", "a.txt", "hello")
            .post(user, "/v1/containers/" + id + "/files")
            .json();

    clock.advance(Duration.ofMinutes(6));

    assertThat(user.get("/v1/containers/" + id).json().path("status").asText())
        .isEqualTo("expired");
    assertThat(user.get("/v1/containers/" + id + "/files").status()).isEqualTo(400);
    var refused =
        user.post(
            "/v1/responses",
            """
            {"model": "%s", "input": "Go",
             "tools": [{"type": "code_interpreter", "container": "%s"}]}"""
                .formatted(model, id));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("tools[0].container");
    containers.sweep(Duration.ofDays(1), 100);
    var file = uploaded.path("id").asText().replace("cfile_", "file-");
    assertThat(user.get("/v1/files/" + file).status()).isEqualTo(404);
    clock.advance(Duration.ofDays(2));
    containers.sweep(Duration.ofDays(1), 100);
    assertThat(user.get("/v1/containers/" + id).status()).isEqualTo(404);
  }

  @Test
  void aDeletedContainerIsGone() {
    var id = container("");

    assertThat(user.delete("/v1/containers/" + id).json().path("object").asText())
        .isEqualTo("container.deleted");

    assertThat(user.get("/v1/containers/" + id).status()).isEqualTo(404);
    assertThat(user.delete("/v1/containers/" + id).status()).isEqualTo(404);
  }

  @Test
  void wrongRequestsAreRefusedByTheField() {
    for (var each :
        List.of(
            "{} name",
            "{\"name\": \"c\", \"memory_limit\": \"9g\"} memory_limit",
            "{\"name\": \"c\", \"memory_limit\": \"64g\"} memory_limit",
            "{\"name\": \"c\", \"memory_limit\": \"4g\"} memory_limit",
            "{\"name\": \"c\", \"expires_after\": {\"minutes\": 0}} expires_after.minutes",
            "{\"name\": \"c\", \"expires_after\": {\"anchor\": \"x\", \"minutes\": 1}} expires_after.anchor",
            "{\"name\": \"c\", \"file_ids\": [\"file-none\"]} file_ids",
            "{\"name\": \"c\", \"network_policy\": {\"type\": \"allowlist\"}} network_policy.type",
            "{\"name\": \"c\", \"skills\": [{}]} skills")) {
      int space = each.lastIndexOf(' ');
      var refused = user.post("/v1/containers", each.substring(0, space));
      assertThat(refused.status()).as(each + refused.text()).isEqualTo(400);
      assertThat(refused.error().path("param").asText())
          .as(each)
          .isEqualTo(each.substring(space + 1));
    }
  }
}
