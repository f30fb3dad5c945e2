package dev.threadmill.vectorstores;

import dev.threadmill.files.StoredFile;
import dev.threadmill.files.chunks.ChunkingStrategy;

/** A file that is to be added to a vector store. */
public record NewStoreFile(StoredFile file, Attributes attributes, ChunkingStrategy strategy) {}
