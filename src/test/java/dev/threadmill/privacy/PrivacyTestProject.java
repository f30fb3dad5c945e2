package dev.threadmill.privacy;

import dev.threadmill.testing.ApiClient;

/** A project of its own, since the policy of a project is that of all its assistants. */
record PrivacyTestProject(String id, ApiClient api) {
  PrivacyTestProject(ApiClient admin) {
    this(admin, admin.post("/v1/projects", "{\"name\": \"private\"}").id());
  }

  private PrivacyTestProject(ApiClient admin, String id) {
    this(
        id,
        ApiClient.withKey(
            admin.post("/v1/projects/" + id + "/api_keys", "{}").json().path("value").asText()));
  }

  ApiClient.Response assistant(String more) {
    return api.post("/v1/assistants", "{\"model\": \"gpt-4o\", %s}".formatted(more));
  }
}
