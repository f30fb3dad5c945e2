package dev.threadmill.vectorstores.rest;

import dev.threadmill.vectorstores.Attributes;
import dev.threadmill.vectorstores.Chunking;
import dev.threadmill.vectorstores.FileStatus;
import dev.threadmill.vectorstores.StoreFile;

/** A file in a vector store on the wire. Its id is that of the file. */
public record StoreFileObject(
    String id,
    String object,
    long usageBytes,
    long createdAt,
    String vectorStoreId,
    FileStatus status,
    StoreFile.LastError lastError,
    Chunking chunkingStrategy,
    Attributes attributes) {
  /** The file as clients are shown it. */
  public static StoreFileObject of(StoreFile file) {
    return new StoreFileObject(
        file.id().value(),
        "vector_store.file",
        file.usageBytes(),
        file.createdAt().getEpochSecond(),
        file.store().value(),
        file.status(),
        file.lastError(),
        Chunking.of(file.strategy()),
        file.attributes());
  }
}
