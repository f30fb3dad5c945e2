package dev.threadmill.projects.tokens;

import dev.threadmill.api.Bounds;

/**
 * The body of {@code POST /v1/client_tokens/{token_id}/refresh}, which may be empty.
 *
 * @param overlapSeconds how long the old secret still works; null for a minute
 */
record RefreshClientToken(Integer overlapSeconds) {
  private static final int DEFAULT = 60;
  private static final int LONGEST = 3_600;

  RefreshClientToken {
    Bounds.integer("overlap_seconds", overlapSeconds, 0, LONGEST);
    overlapSeconds = overlapSeconds == null ? DEFAULT : overlapSeconds;
  }
}
