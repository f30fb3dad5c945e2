package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.ToolRuns;

/**
 * A project for one test, with one key.
 *
 * @param api a client with that key
 */
public record Tenant(String id, ApiClient admin, ApiClient api, String key) {
  /** A project on the server of this admin client. */
  public static Tenant of(ApiClient admin) {
    var project = admin.post("/v1/projects", "{\"name\": \"tenant\"}").id();
    var made = admin.post("/v1/projects/" + project + "/api_keys", "{}");
    var key = made.json().path("value").asText();
    return new Tenant(project, admin, admin.with("Authorization", "Bearer " + key), key);
  }

  /** A project on the server under test. */
  public static Tenant create() {
    return of(ApiClient.admin());
  }

  public static Tenant limited(String limits) {
    var tenant = create();
    tenant.limit(limits);
    return tenant;
  }

  public String path() {
    return "/v1/projects/" + id + "/limits";
  }

  public JsonNode limit(String limits) {
    var answer = admin.post(path(), limits);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  public JsonNode limits() {
    var answer = api.get(path());
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  public long used(String period) {
    return limits().at("/used/" + period + "/tokens").asLong();
  }

  /** Creates a run on a new thread. */
  public ApiClient.Response run(String model, String more) {
    var assistant = api.post("/v1/assistants", "{\"model\": \"%s\"}".formatted(model)).id();
    return api.post(
        "/v1/threads/runs",
        """
        {"assistant_id": "%s", %s
         "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        """
            .formatted(assistant, more));
  }

  public JsonNode get(JsonNode run) {
    return api.get(ToolRuns.path(run)).json();
  }
}
