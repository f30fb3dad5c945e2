package dev.threadmill.projects;

import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;

/** The body of {@code POST /v1/projects}. */
record CreateProject(
    String name, String description, String assistantType, String region, Metadata metadata) {
  static final int MAX_NAME = 256;
  static final int MAX_DESCRIPTION = 512;
  static final int MAX_LABEL = 64;

  CreateProject {
    Bounds.requiredText("name", name, MAX_NAME);
    Bounds.text("description", description, MAX_DESCRIPTION);
    Bounds.text("assistant_type", assistantType, MAX_LABEL);
    Bounds.text("region", region, MAX_LABEL);
  }
}
