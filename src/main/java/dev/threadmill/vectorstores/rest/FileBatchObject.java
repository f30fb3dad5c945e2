package dev.threadmill.vectorstores.rest;

import dev.threadmill.vectorstores.FileBatch;
import dev.threadmill.vectorstores.FileCounts;

/** A batch of files on the wire. */
public record FileBatchObject(
    String id,
    String object,
    long createdAt,
    String vectorStoreId,
    FileBatch.Status status,
    FileCounts fileCounts) {
  static FileBatchObject of(FileBatch batch) {
    return new FileBatchObject(
        batch.id().value(),
        "vector_store.files_batch",
        batch.createdAt().getEpochSecond(),
        batch.store().value(),
        batch.status(),
        batch.fileCounts());
  }
}
