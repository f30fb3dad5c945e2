package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ProjectsTest {
  private final ApiClient admin = ApiClient.admin();
  private final ApiClient user = ApiClient.user();

  @Test
  void aProjectIsCreatedReadChangedAndListed() {
    var created =
        admin.post(
            "/v2/projects",
            """
            {"name": "Customer Support AI", "description": "Handles 10k+ daily tickets",
             "assistant_type": "customer_service", "region": null, "metadata": {"team": "blue"}}""");
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.id()).startsWith("proj_");
    assertThat(created.json().path("object").asText()).isEqualTo("project");
    assertThat(created.json().path("status").asText()).isEqualTo("active");
    assertThat(created.json().path("metadata").path("team").asText()).isEqualTo("blue");
    assertThat(created.json().path("created_at").isIntegralNumber()).isTrue();

    var path = "/v1/projects/" + created.id();
    assertThat(admin.get(path).json()).isEqualTo(created.json());

    var changed = admin.post(path, "{\"name\": \"Support\", \"description\": null}");
    assertThat(changed.json().path("name").asText()).isEqualTo("Support");
    assertThat(changed.json().path("description").isNull()).isTrue();
    assertThat(changed.json().path("region").isNull()).isTrue();
    assertThat(admin.get(path).json()).isEqualTo(changed.json());
    assertThat(admin.get("/v1/projects?limit=1").json().path("data").get(0).path("id").asText())
        .isEqualTo(created.id());
  }

  @Test
  void aKeyOfAProjectWorksUntilItIsDeleted() {
    var project = admin.post("/v1/projects", "{\"name\": \"p\"}").id();
    var keys = "/v1/projects/" + project + "/api_keys";
    var key = admin.post(keys, "{\"name\": \"ci\"}");
    assertThat(key.status()).as(key.text()).isEqualTo(200);
    var holder = ApiClient.withKey(key.json().path("value").asText());
    assertThat(holder.get("/v1/projects/" + project).status()).isEqualTo(200);

    var listed = admin.get(keys).json().path("data");
    assertThat(listed).hasSize(1);
    assertThat(listed.get(0).path("name").asText()).isEqualTo("ci");
    assertThat(listed.get(0).has("value")).isFalse();

    var deleted = admin.delete(keys + "/" + key.id());
    assertThat(deleted.json().path("object").asText()).isEqualTo("project.api_key.deleted");
    assertThat(holder.get("/v1/projects/" + project).status()).isEqualTo(401);
    assertThat(admin.delete(keys + "/" + key.id()).status()).isEqualTo(404);
  }

  @Test
  void theKeysOfAnArchivedProjectStopWorking() {
    var project = admin.post("/v1/projects", "{\"name\": \"p\"}").id();
    var keys = "/v1/projects/" + project + "/api_keys";
    var holder = ApiClient.withKey(admin.post(keys, null).json().path("value").asText());
    assertThat(holder.get("/v1/projects/" + project).status()).isEqualTo(200);

    var deleted = admin.delete("/v1/projects/" + project);

    assertThat(deleted.text())
        .isEqualTo(
            "{\"id\":\"%s\",\"object\":\"project.deleted\",\"deleted\":true}".formatted(project));
    assertThat(holder.get("/v1/projects/" + project).status()).isEqualTo(401);
    assertThat(admin.get("/v1/projects/" + project).json().path("status").asText())
        .isEqualTo("archived");
    assertThat(admin.with("OpenAI-Project", project).get("/v1/projects").status()).isEqualTo(404);
    assertThat(admin.post(keys, "{}").status()).isEqualTo(400);
    assertThat(admin.delete("/v1/projects/proj_default").status()).isEqualTo(400);
  }

  @Test
  void requestsWithoutAKeyOrWithAnUnknownOneAreRefused() {
    for (var path : new String[] {"/v1/projects", "/v2/projects", "/v26/projects"}) {
      var none = ApiClient.anonymous().get(path);
      assertThat(none.status()).isEqualTo(401);
      assertThat(none.error().path("type").asText()).isEqualTo("invalid_request_error");
      assertThat(none.error().path("param").isNull()).isTrue();
      var wrong = ApiClient.withKey("sk-thisIsNotAKeyOfThisServer").get(path);
      assertThat(wrong.status()).isEqualTo(401);
      assertThat(wrong.error().path("code").asText()).isEqualTo("invalid_api_key");
      assertThat(wrong.text()).doesNotContain("thisIsNotAKey");
    }
  }

  @Test
  void aProjectKeySeesItsOwnProjectAndNoOther() {
    var other = admin.post("/v1/projects", "{\"name\": \"other\"}").id();

    assertThat(user.get("/v1/projects/proj_default").status()).isEqualTo(200);
    assertThat(user.get("/v1/projects/" + other).status()).isEqualTo(404);
    assertThat(user.post("/v1/projects/" + other, "{\"name\": \"x\"}").status()).isEqualTo(404);
    assertThat(user.delete("/v1/projects/" + other).status()).isEqualTo(404);
    assertThat(user.get("/v1/projects/" + other + "/api_keys").status()).isEqualTo(404);
    assertThat(user.post("/v1/projects", "{\"name\": \"x\"}").status()).isEqualTo(403);
    assertThat(user.get("/v1/projects").status()).isEqualTo(403);
  }

  @Test
  void theProjectHeaderMustMatchAProjectKeyAndPicksAnAdminsProject() {
    var other = admin.post("/v1/projects", "{\"name\": \"other\"}").id();

    var mismatched = user.with("OpenAI-Project", other).get("/v1/projects/proj_default");
    assertThat(mismatched.status()).isEqualTo(401);
    assertThat(mismatched.error().path("code").asText()).isEqualTo("mismatched_project");
    assertThat(
            user.with("OpenAI-Project", "proj_default").get("/v1/projects/proj_default").status())
        .isEqualTo(200);
    assertThat(admin.with("OpenAI-Project", other).get("/v1/projects").status()).isEqualTo(200);
    assertThat(admin.with("OpenAI-Project", "proj_nowhere").get("/v1/projects").status())
        .isEqualTo(404);
  }

  @Test
  void a404ForAnAdminNamesTheProjectThatWasSearched() {
    var project = admin.post("/v1/projects", "{\"name\": \"other\"}").id();
    var inProject = admin.with("OpenAI-Project", project);
    var thread = inProject.post("/v1/threads", "{}").id();

    var missed = admin.get("/v1/threads/" + thread);

    assertThat(missed.status()).isEqualTo(404);
    assertThat(missed.error().path("message").asText())
        .contains(thread, "proj_default", "OpenAI-Project");
    assertThat(inProject.get("/v1/threads/" + thread).status()).isEqualTo(200);
    assertThat(inProject.get("/v1/threads/thread_none").text()).doesNotContain("OpenAI-Project");
    assertThat(user.get("/v1/threads/" + thread).text()).doesNotContain("OpenAI-Project");
    assertThat(admin.get("/v1/projects/proj_none").text()).doesNotContain("OpenAI-Project");
  }

  @Test
  void theSecretOfANewKeyIsTheFirstValueOfTheResponse() {
    var made = admin.post("/v1/projects/proj_default/api_keys", "{}").text();

    assertThat(made.indexOf("\"value\"")).isPositive().isLessThan(made.indexOf("redacted_value"));
  }
}
