package dev.threadmill.vectorstores;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import java.util.List;

/** The body of {@code POST /v1/vector_stores}. */
public record CreateVectorStore(
    String name,
    String description,
    List<String> fileIds,
    ExpiresAfter expiresAfter,
    Chunking chunkingStrategy,
    Metadata metadata) {
  static final int MAX_NAME = 256;
  private static final int MAX_DESCRIPTION = 512;
  private static final int MAX_FILES = 500;

  public CreateVectorStore {
    Bounds.text("name", name, MAX_NAME);
    Bounds.text("description", description, MAX_DESCRIPTION);
    fileIds = Bounds.list("file_ids", fileIds, MAX_FILES);
    if (chunkingStrategy != null && (fileIds == null || fileIds.isEmpty())) {
      throw ApiException.invalid(
          "chunking_strategy",
          "Invalid 'chunking_strategy': can only be given together with 'file_ids'.");
    }
    metadata = metadata == null ? Metadata.EMPTY : metadata;
  }

  /** A store without a name and without files, which expires. */
  static CreateVectorStore expiring(ExpiresAfter expiresAfter, Metadata metadata) {
    return new CreateVectorStore(null, null, null, expiresAfter, null, metadata);
  }

  /** A store without a name and without files. */
  public static CreateVectorStore empty() {
    return new CreateVectorStore(null, null, null, null, null, null);
  }
}
