package dev.threadmill.vectorstores;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The state of a file in a vector store. */
public enum FileStatus {
  /** It waits to be indexed, or is being indexed. */
  @JsonProperty("in_progress")
  IN_PROGRESS,
  /** It is found by searches. */
  @JsonProperty("completed")
  COMPLETED,
  /** It could not be indexed. */
  @JsonProperty("failed")
  FAILED,
  /** Its batch was cancelled before it was indexed. */
  @JsonProperty("cancelled")
  CANCELLED
}
