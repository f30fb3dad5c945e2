package dev.threadmill.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.admin.organization.auditlogs.AuditLogListParams;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class AuditLogTest {
  private final ApiClient admin = ApiClient.admin();

  @Inject Jdbc jdbc;
  @Inject DeleteOldEntries deleteOld;
  @Inject SettableClock clock;

  @AfterEach
  void resetClock() {
    clock.reset();
  }

  private String project() {
    return admin.post("/v1/projects", "{\"name\": \"audited\"}").id();
  }

  private JsonNode log(String project) {
    return admin.get("/v1/audit_logs?order=asc&project_ids[]=" + project).json().path("data");
  }

  private static List<String> types(JsonNode log) {
    return log.findValuesAsText("type").stream().filter(type -> type.contains(".")).toList();
  }

  private JsonNode chain(String project) {
    for (var chain : admin.get("/v1/audit_logs/verification").json().path("chains")) {
      if (project.equals(chain.path("project").asText())) {
        return chain;
      }
    }
    throw new AssertionError("no chain of " + project);
  }

  @Test
  void everyChangeByAnAdminIsRecordedWithActorTargetAndDetails() {
    var project = project();
    var keys = "/v1/projects/" + project + "/api_keys";
    var inProject = admin.with("OpenAI-Project", project);
    var key = admin.post(keys, "{\"name\": \"ci\", \"scopes\": [\"read\", \"run\"]}");
    var holder = ApiClient.withKey(key.json().path("value").asText());

    admin.post("/v1/projects/" + project, "{\"name\": \"renamed\"}");
    admin.post(keys + "/" + key.id(), "{\"name\": \"changed\"}");
    admin.post(keys + "/" + key.id() + "/rotate", "{}");
    admin.post("/v1/projects/" + project + "/limits", "{\"requests_per_minute\": 9}");
    var assistant = inProject.post("/v1/assistants", "{\"model\": \"rehearsal\"}").id();
    inProject.post("/v1/threads", "{}");
    var token = holder.post("/v1/client_tokens", "{\"user\": \"ada\"}");
    holder.delete("/v1/client_tokens/" + token.id());
    inProject.post(
        "/v1/webhook_endpoints",
        """
        {"name": "n", "url": "http://127.0.0.1:9/", "event_types": ["*"]}""");
    inProject.delete("/v1/assistants/" + assistant);
    assertThat(admin.delete(keys + "/key_none").status()).isEqualTo(404);
    admin.delete(keys + "/" + key.id());
    admin.delete("/v1/projects/" + project);

    var log = log(project);
    assertThat(types(log))
        .containsExactly(
            "api_key.created",
            "project.updated",
            "api_key.updated",
            "api_key.rotated",
            "rate_limit.updated",
            "assistant.created",
            "client_token.created",
            "client_token.deleted",
            "webhook_endpoint.created",
            "assistant.deleted",
            "api_key.deleted",
            "project.archived");
    var created = log.get(0);
    assertThat(created.at("/actor/api_key/id").asText()).isEqualTo("key_admin");
    assertThat(created.at("/actor/api_key/ip_address").asText()).isEqualTo("127.0.0.1");
    assertThat(created.at("/project/id").asText()).isEqualTo(project);
    assertThat(created.path("api_key.created").path("id").asText()).isEqualTo(key.id());
    assertThat(created.path("api_key.created").at("/data/scopes/1").asText()).isEqualTo("run");
    assertThat(created.path("request_id").asText()).isNotEmpty();
    assertThat(log.get(6).at("/actor/api_key/id").asText()).isEqualTo(key.id());
    assertThat(log.findValuesAsText("sequence")).startsWith("1", "2", "3").hasSize(12);
    assertThat(log.toString()).doesNotContain(key.json().path("value").asText());
    assertThat(chain(project).path("valid").asBoolean()).isTrue();
  }

  @Test
  void aChangeThatFailsLeavesNoEntry() {
    var project = project();
    var path = "/v1/projects/" + project;

    assertThat(admin.post(path, "{\"strict_region\": true}").status()).isEqualTo(400);
    assertThat(admin.post(path + "/api_keys", "{\"scopes\": []}").status()).isEqualTo(400);

    assertThat(log(project)).isEmpty();
  }

  @Test
  void theLogIsFilteredAndIsSeenByAdminsOfItsProjectAlone() {
    var project = project();
    var keys = "/v1/projects/" + project + "/api_keys";
    var owner =
        ApiClient.withKey(
            admin.post(keys, "{\"scopes\": [\"admin\"]}").json().path("value").asText());
    var second = admin.post(keys, "{}").id();
    var other = project();
    admin.post("/v1/projects/" + other, "{\"name\": \"x\"}");

    var own = owner.get("/v1/audit_logs?project_ids[]=" + other).json().path("data");
    assertThat(own.findValuesAsText("type")).contains("api_key.created");
    assertThat(own.toString()).contains(project).doesNotContain(other);
    var filters = "/v1/audit_logs?project_ids[]=" + project;
    assertThat(admin.get(filters + "&resource_ids[]=" + second).json().path("data")).hasSize(1);
    assertThat(admin.get(filters + "&event_types[]=project.updated").json().path("data")).isEmpty();
    assertThat(admin.get(filters + "&actor_ids[]=key_admin").json().path("data")).hasSize(2);
    assertThat(admin.get(filters + "&effective_at[gt]=4000000000").json().path("data")).isEmpty();
    assertThat(admin.get(filters + "&effective_at[gte]=1").json().path("data")).hasSize(2);
    assertThat(admin.get(filters + "&effective_at[lt]=x").status()).isEqualTo(400);
    assertThat(ApiClient.user().get("/v1/audit_logs").status()).isEqualTo(403);
  }

  @Test
  void theSdkReadsTheAuditLogOfTheHostedService() {
    var project = project();
    admin.post("/v1/projects/" + project + "/api_keys", "{\"scopes\": [\"read\"]}");
    var client =
        OpenAIOkHttpClient.builder()
            .baseUrl(ApiClient.base() + "/v1")
            .adminApiKey(
                ConfigProvider.getConfig().getValue("threadmill.keys.admin-key", String.class))
            .build();

    var page =
        client
            .admin()
            .organization()
            .auditLogs()
            .list(AuditLogListParams.builder().addProjectId(project).build());

    var entry = page.data().getFirst().validate();
    assertThat(entry.apiKeyCreated().orElseThrow().data().orElseThrow().scopes().orElseThrow())
        .containsExactly("read");
    assertThat(entry.actor().orElseThrow().apiKey().orElseThrow().id()).contains("key_admin");
  }

  @Test
  void anEntryThatIsChangedTakenOutOrCutOffShows() {
    var project = project();
    for (int i = 0; i < 4; i++) {
      admin.post("/v1/projects/" + project, "{\"name\": \"n%d\"}".formatted(i));
    }
    assertThat(chain(project).path("entries").asInt()).isEqualTo(4);

    jdbc.update(
        "UPDATE audit_entries SET content = replace(content, 'n1', 'nX') WHERE chain = ?", project);
    assertThat(chain(project).path("fault").asText()).contains("Entry 2 ");
    jdbc.update(
        "UPDATE audit_entries SET content = replace(content, 'nX', 'n1') WHERE chain = ?", project);
    assertThat(chain(project).path("valid").asBoolean()).isTrue();

    jdbc.update("DELETE FROM audit_entries WHERE chain = ? AND seq = 4", project);
    assertThat(chain(project).path("fault").asText()).contains("from 4 to 4 are missing");
    jdbc.update("DELETE FROM audit_entries WHERE chain = ? AND seq = 2", project);
    assertThat(chain(project).path("fault").asText()).contains("from 2 to 2 are missing");
    assertThat(admin.get("/v1/audit_logs/verification").json().path("valid").asBoolean()).isFalse();
    jdbc.update("DELETE FROM audit_entries WHERE chain = ?", project);
    jdbc.update("DELETE FROM audit_chains WHERE chain = ?", project);
  }

  @Test
  void oldEntriesAreDeletedAndTheRestStillVerifies() {
    var project = project();
    admin.post("/v1/projects/" + project, "{\"name\": \"old\"}");
    clock.advance(Duration.ofDays(300));
    admin.post("/v1/projects/" + project, "{\"name\": \"new\"}");
    clock.advance(Duration.ofDays(101));

    deleteOld.cleanUp();

    assertThat(log(project).findValuesAsText("sequence")).containsExactly("2");
    assertThat(chain(project).path("valid").asBoolean()).isTrue();
    assertThat(chain(project).path("entries").asInt()).isEqualTo(1);
  }
}
