package dev.threadmill.vectorstores;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.VectorStoreId;
import java.time.Instant;

/** Files that were added to a vector store together. */
public record FileBatch(
    FileBatchId id,
    VectorStoreId store,
    Instant createdAt,
    boolean isCancelled,
    FileCounts fileCounts) {

  /** The state of a batch. */
  public enum Status {
    @JsonProperty("in_progress")
    IN_PROGRESS,
    @JsonProperty("completed")
    COMPLETED,
    @JsonProperty("cancelled")
    CANCELLED,
    @JsonProperty("failed")
    FAILED
  }

  /** Failed only if no file was indexed; otherwise the counts show which files failed. */
  public Status status() {
    if (isCancelled) {
      return Status.CANCELLED;
    }
    if (fileCounts.inProgress() > 0) {
      return Status.IN_PROGRESS;
    }
    return fileCounts.failed() > 0 && fileCounts.failed() == fileCounts.total()
        ? Status.FAILED
        : Status.COMPLETED;
  }
}
