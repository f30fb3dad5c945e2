package dev.threadmill.projects;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Bounds;

/**
 * The body of {@code POST /v1/projects/{project_id}/api_keys}, which may be empty.
 *
 * @param limits as in {@code POST …/api_keys/{key_id}/limits}; null for none
 */
record CreateApiKey(String name, JsonNode limits) {
  private static final int MAX_NAME = 256;

  CreateApiKey {
    Bounds.text("name", name, MAX_NAME);
  }
}
