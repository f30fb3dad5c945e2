package dev.threadmill.sdk;

import dev.threadmill.testing.ApiClient;
import java.util.Map;

/**
 * Who an SDK calls as: a project made for it, so that its lists hold nothing but its own.
 *
 * @param baseUrl where the server is, without a version
 */
record SdkCaller(String baseUrl, String apiKey) {
  static SdkCaller ofNewProject() {
    var project = ApiClient.admin().post("/v1/projects", "{\"name\": \"sdk\"}").id();
    var key = ApiClient.admin().post("/v1/projects/" + project + "/api_keys", "{}");
    return new SdkCaller(ApiClient.base(), key.json().path("value").asText());
  }

  /** What scripts are told, and one thing more. */
  Map<String, String> environment(String name, String value) {
    return Map.of("THREADMILL_URL", baseUrl, "THREADMILL_API_KEY", apiKey, name, value);
  }
}
