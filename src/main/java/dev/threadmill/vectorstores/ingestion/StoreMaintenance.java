package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.vectorstores.VectorStores;
import dev.threadmill.vectorstores.search.StoreIndex;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * What is due about once a minute: stores that have expired, entries of deleted stores, texts that
 * no file refers to, the index of the present embedding model.
 */
@ApplicationScoped
class StoreMaintenance {
  private static final int ENTRIES_PER_BATCH = 500;
  private static final int CONTENTS_PER_BATCH = 20;

  private final VectorStores stores;
  private final ContentTexts texts;
  private final StoreIndex index;

  StoreMaintenance(VectorStores stores, ContentTexts texts, StoreIndex index) {
    this.stores = stores;
    this.texts = texts;
    this.index = index;
  }

  void run() {
    index.prepare();
    stores.expire();
    while (!Thread.currentThread().isInterrupted() && stores.removeSome(ENTRIES_PER_BATCH)) {
      // a transaction for each batch
    }
    while (!Thread.currentThread().isInterrupted()
        && texts.deleteUnused(CONTENTS_PER_BATCH) == CONTENTS_PER_BATCH) {
      // a transaction for each batch
    }
    index.sweepTombstones();
  }
}
