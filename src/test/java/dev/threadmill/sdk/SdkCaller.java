package dev.threadmill.sdk;

import dev.threadmill.testing.ApiClient;
import java.util.Map;

/**
 * The address and key for an SDK: those of a new project, so that its lists contain nothing else.
 *
 * @param baseUrl the address of the server, without a version
 */
record SdkCaller(String baseUrl, String apiKey) {
  static SdkCaller ofNewProject() {
    var project = ApiClient.admin().post("/v1/projects", "{\"name\": \"sdk\"}").id();
    var key = ApiClient.admin().post("/v1/projects/" + project + "/api_keys", "{}");
    return new SdkCaller(ApiClient.base(), key.json().path("value").asText());
  }

  /** The environment of a script, with one additional variable. */
  Map<String, String> environment(String name, String value) {
    return Map.of("THREADMILL_URL", baseUrl, "THREADMILL_API_KEY", apiKey, name, value);
  }
}
