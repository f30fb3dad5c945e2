package dev.threadmill.vectorstores;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The settings of vector stores. */
@ConfigMapping(prefix = "threadmill.vector-stores")
public interface VectorStoresConfig {
  /**
   * THREADMILL_VECTOR_STORES_EMBEDDINGS: the embedding model of files, with the same values as
   * THREADMILL_EMBEDDINGS; {@code same} for the model of that setting.
   */
  @WithDefault("local/bge-small-en-v1.5")
  String embeddings();

  /** THREADMILL_VECTOR_STORES_WORKERS: how many files a node indexes at a time; 0 for none. */
  @WithDefault("2")
  int workers();

  /**
   * THREADMILL_VECTOR_STORES_LEASE: after this time without renewal another node continues with a
   * file.
   */
  @WithDefault("60s")
  Duration lease();

  /** How often a file is tried before it fails, if the fault is not the file's. */
  @WithDefault("5")
  int attempts();

  /** The pause before the second attempt; it doubles from there. */
  @WithDefault("2s")
  Duration firstPause();

  /** How many chunks are embedded and written at a time. */
  @WithDefault("16")
  int chunksPerWrite();

  /** Up to this many entries, all vectors are compared; beyond, the HNSW graph is searched. */
  @WithDefault("15000")
  int compareAll();

  /** A store of at least this many entries is kept in the heap while it is searched repeatedly. */
  @WithDefault("200")
  int heapFrom();

  /** THREADMILL_VECTOR_STORES_HEAP_PERCENT: the share of the heap for that; 0 for none. */
  @WithDefault("15")
  int heapPercent();

  /** How long a run waits for the files that were attached to its thread. */
  @WithDefault("30s")
  Duration attachmentWait();
}
