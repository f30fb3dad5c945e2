package dev.threadmill.vectorstores.search;

import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.search.Hits;
import dev.threadmill.search.IndexDocument;
import dev.threadmill.search.IndexLimits;
import dev.threadmill.search.IndexTable;
import dev.threadmill.search.PostgresTextIndex;
import dev.threadmill.search.QueryVector;
import dev.threadmill.search.SearchScope;
import dev.threadmill.search.TextQuery;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.VectorStoresConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

/**
 * The index of the files in vector stores. The group of an entry is its store, its source a file.
 */
@ApplicationScoped
public class StoreIndex {
  private static final IndexTable TABLE =
      new IndexTable(
          "vector_store_index",
          "vector_store_tombstones",
          "store_id",
          List.of("content"),
          "0",
          true,
          null);

  /** Stores of at most this many entries are read whole. */
  private static final int READ_WHOLE = 150;

  private static final int CANDIDATES_PER_METHOD = 100;

  /** What an entry takes in the heap besides its vector: its some hundred terms. */
  private static final int BYTES_PER_ENTRY = 1_000;

  private final PostgresTextIndex index;

  StoreIndex(
      Jdbc jdbc, StoreEmbeddings embeddings, VectorStoresConfig config, InstantSource clock) {
    this.index =
        new PostgresTextIndex(
            jdbc,
            TABLE,
            embeddings.model(),
            new IndexLimits(
                config.compareAll(), config.heapFrom(), BYTES_PER_ENTRY, config.heapPercent()),
            clock);
  }

  /**
   * Searches a store.
   *
   * @param files the ids of the files that are searched; null for all
   */
  Hits search(VectorStoreId store, Set<String> files, TextQuery query, QueryVector vector)
      throws InterruptedException {
    return index.search(scope(store), files, query, vector, CANDIDATES_PER_METHOD);
  }

  /**
   * Writes chunks of a file.
   *
   * @param parts the numbers of the chunks within the file
   */
  public void append(Tx tx, IndexDocument document, List<Integer> parts) {
    index.append(tx, document, parts);
  }

  /** Creates what the index needs for the present embedding model. */
  public void prepare() {
    index.createVectorIndex();
  }

  /** Removes old tombstones. To be called about once a minute. */
  public void sweepTombstones() {
    index.sweepTombstones();
  }

  /** Loads stores into the heap, as many of them as fit. */
  void load(List<VectorStoreId> stores) throws InterruptedException {
    index.load(stores.stream().map(StoreIndex::scope).toList());
  }

  private static SearchScope scope(VectorStoreId store) {
    return new SearchScope("i.store_id = ?", List.of(store.value()), READ_WHOLE, true);
  }

  /** The number of entries that this node keeps in its heap. */
  public long heapEntries() {
    return index.heapEntries();
  }
}
