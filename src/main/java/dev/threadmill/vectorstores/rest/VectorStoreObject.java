package dev.threadmill.vectorstores.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Metadata;
import dev.threadmill.vectorstores.ExpiresAfter;
import dev.threadmill.vectorstores.FileCounts;
import dev.threadmill.vectorstores.VectorStore;

/**
 * A vector store on the wire.
 *
 * @param name empty if it has none: SDKs that validate want a string
 */
public record VectorStoreObject(
    String id,
    String object,
    long createdAt,
    String name,
    @JsonInclude(JsonInclude.Include.NON_NULL) String description,
    long usageBytes,
    FileCounts fileCounts,
    Status status,
    @JsonInclude(JsonInclude.Include.NON_NULL) ExpiresAfter expiresAfter,
    Long expiresAt,
    Long lastActiveAt,
    Metadata metadata) {

  /** The state of a store. */
  public enum Status {
    @JsonProperty("expired")
    EXPIRED,
    @JsonProperty("in_progress")
    IN_PROGRESS,
    @JsonProperty("completed")
    COMPLETED
  }

  /** The store as clients are shown it. */
  public static VectorStoreObject of(VectorStore store) {
    return new VectorStoreObject(
        store.id().value(),
        "vector_store",
        store.createdAt().getEpochSecond(),
        store.name() == null ? "" : store.name(),
        store.description(),
        store.usageBytes(),
        store.fileCounts(),
        store.isExpired()
            ? Status.EXPIRED
            : store.fileCounts().inProgress() > 0 ? Status.IN_PROGRESS : Status.COMPLETED,
        store.expiresAfter(),
        store.expiresAt() == null ? null : store.expiresAt().getEpochSecond(),
        store.lastActiveAt().getEpochSecond(),
        store.metadata());
  }
}
