package dev.threadmill.vectorstores;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.FileId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.files.chunks.ChunkingStrategy;
import java.time.Instant;

/**
 * A file in a vector store.
 *
 * @param lastError why its status is failed; null otherwise
 * @param usageBytes of its texts and vectors; 0 until it is completed
 * @param content what its chunks follow from
 */
public record StoreFile(
    FileId id,
    VectorStoreId store,
    Instant createdAt,
    FileStatus status,
    LastError lastError,
    Attributes attributes,
    ChunkingStrategy strategy,
    long usageBytes,
    String content) {

  /** Why a file was not indexed. The message is for the owner of the file. */
  public record LastError(Code code, String message) {
    /** The kind of error. */
    public enum Code {
      @JsonProperty("server_error")
      SERVER_ERROR,
      @JsonProperty("unsupported_file")
      UNSUPPORTED_FILE,
      @JsonProperty("invalid_file")
      INVALID_FILE
    }
  }
}
