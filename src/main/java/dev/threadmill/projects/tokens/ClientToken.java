package dev.threadmill.projects.tokens;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import java.time.Instant;
import java.util.List;

/**
 * A client token, without its secret.
 *
 * @param user whose threads it opens and sees
 * @param assistants those that it may run; null for all of the project
 * @param origins of the pages that may use it; null for all
 * @param lifetime in seconds, from its creation and from each refresh
 * @param lastUsedAt null if it was never used
 */
record ClientToken(
    ApiKeyId id,
    ProjectId project,
    String user,
    String hint,
    List<String> assistants,
    List<String> origins,
    int lifetime,
    Instant createdAt,
    Instant expiresAt,
    Instant lastUsedAt) {}
