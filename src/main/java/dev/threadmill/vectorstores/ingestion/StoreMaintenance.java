package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.vectorstores.StoreFiles;
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
  private static final int UNCONFIRMED_PER_RUN = 100;

  /** Files of another model that are indexed again in a minute: new files must not wait for all. */
  private static final int FILES_PER_RUN = 100;

  private final VectorStores stores;
  private final StoreFiles files;
  private final ContentTexts texts;
  private final StoreIndex index;

  StoreMaintenance(VectorStores stores, StoreFiles files, ContentTexts texts, StoreIndex index) {
    this.stores = stores;
    this.files = files;
    this.texts = texts;
    this.index = index;
  }

  void run() {
    index.prepare();
    stores.expire();
    stores.deleteUnconfirmed(UNCONFIRMED_PER_RUN);
    files.indexOutdatedAgain(FILES_PER_RUN);
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
