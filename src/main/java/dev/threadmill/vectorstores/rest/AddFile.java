package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.Bounds;
import dev.threadmill.vectorstores.Attributes;
import dev.threadmill.vectorstores.Chunking;

/** The body of {@code POST /v1/vector_stores/{vector_store_id}/files}. */
record AddFile(String fileId, Attributes attributes, Chunking chunkingStrategy) {
  AddFile {
    Bounds.required("file_id", fileId);
  }
}
