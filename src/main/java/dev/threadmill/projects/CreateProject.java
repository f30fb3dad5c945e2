package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import java.util.regex.Pattern;

/** The body of {@code POST /v1/projects}. */
record CreateProject(
    String name,
    String description,
    String assistantType,
    String region,
    Boolean strictRegion,
    String privatePath,
    PrivacyOptions privacy,
    Metadata metadata) {
  static final int MAX_NAME = 256;
  static final int MAX_DESCRIPTION = 512;
  static final int MAX_LABEL = 64;
  private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  CreateProject {
    Bounds.requiredText("name", name, MAX_NAME);
    Bounds.text("description", description, MAX_DESCRIPTION);
    Bounds.text("assistant_type", assistantType, MAX_LABEL);
    region = Regions.checked("region", region);
    requirePath(privatePath);
    requirePrivacy(privacy);
  }

  /** Answers 400 unless a project can have these options; null is none. */
  static void requirePrivacy(PrivacyOptions privacy) {
    PrivacyOptions.requireKnown(privacy);
    if (privacy != null && privacy.tools() != null) {
      throw ApiException.invalid(
          "privacy.tools",
          "unknown_parameter",
          "Invalid 'privacy.tools': only assistants have tools.");
    }
  }

  /** Answers 400 unless it can be a segment of a path; null is none. */
  static void requirePath(String name) {
    if (name != null && !PATH.matcher(name).matches()) {
      throw ApiException.invalid(
          "private_path",
          "Invalid 'private_path': expected at most 64 letters, digits, hyphens and underscores.");
    }
    if (name != null && name.startsWith(ProjectId.PREFIX)) {
      throw ApiException.invalid(
          "private_path",
          "Invalid 'private_path': every project has its id as a private path already.");
    }
  }
}
