package dev.threadmill.vectorstores;

import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import java.time.Instant;

/**
 * A vector store.
 *
 * @param expiresAfter null if it does not expire
 * @param expiresAt when it expires unless it is used before; null if it does not
 * @param isExpired whether that time has passed
 * @param usageBytes of its texts and vectors
 */
public record VectorStore(
    VectorStoreId id,
    ProjectId project,
    Instant createdAt,
    String name,
    String description,
    Metadata metadata,
    ExpiresAfter expiresAfter,
    Instant lastActiveAt,
    Instant expiresAt,
    boolean isExpired,
    FileCounts fileCounts,
    long usageBytes) {}
