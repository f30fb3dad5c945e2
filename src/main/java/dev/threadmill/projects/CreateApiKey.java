package dev.threadmill.projects;

import dev.threadmill.api.Bounds;

/** The body of {@code POST /v1/projects/{project_id}/api_keys}, which may be empty. */
record CreateApiKey(String name) {
  private static final int MAX_NAME = 256;

  CreateApiKey {
    Bounds.text("name", name, MAX_NAME);
  }
}
