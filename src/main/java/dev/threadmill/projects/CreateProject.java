package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
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
    requireNoRegion(region);
  }

  /** Data is kept where the server and its database are; a project cannot choose. */
  static void requireNoRegion(String region) {
    if (region != null) {
      throw ApiException.invalid(
          "region",
          "Invalid 'region': this server does not keep data by region yet. Leave it out.");
    }
  }
}
