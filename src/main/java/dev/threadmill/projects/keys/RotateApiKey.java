package dev.threadmill.projects.keys;

import dev.threadmill.api.Bounds;

/**
 * The body of {@code POST /v1/projects/{project_id}/api_keys/{key_id}/rotate}, which may be empty.
 *
 * @param overlapSeconds how long the old secret still works; null for a day, 0 for not at all
 */
record RotateApiKey(Integer overlapSeconds) {
  static final int DAY = 86_400;
  private static final int LONGEST = 30 * DAY;

  RotateApiKey {
    Bounds.integer("overlap_seconds", overlapSeconds, 0, LONGEST);
    overlapSeconds = overlapSeconds == null ? DAY : overlapSeconds;
  }
}
