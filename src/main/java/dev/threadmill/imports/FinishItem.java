package dev.threadmill.imports;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.imports.ImportStore.Problem;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Ends the work on an item: removes it with what belongs to it, and counts it. */
@ApplicationScoped
class FinishItem {
  /** The object was created by this import. */
  static final String CREATED = "created";

  /** The object was there before. */
  static final String PRESENT = "present";

  /** The object cannot be taken. */
  static final String FAILED = "failed";

  private final Jdbc jdbc;
  private final ImportStore imports;
  private final StagedItems items;

  FinishItem(Jdbc jdbc, ImportStore imports, StagedItems items) {
    this.jdbc = jdbc;
    this.imports = imports;
    this.items = items;
  }

  void finish(ImportJob job, StagedItem item, String outcome, List<Problem> problems) {
    jdbc.runInTransaction(
        tx -> {
          imports.fence(tx, job);
          finish(tx, job, item, outcome, problems);
        });
  }

  /** As above, in a transaction that has the import locked. */
  void finish(Tx tx, ImportJob job, StagedItem item, String outcome, List<Problem> problems) {
    if (!items.remove(tx, job, item)) {
      return;
    }
    ImportStore.count(tx, job, item.kind(), outcome, 1);
    var below =
        switch (item.kind()) {
          case THREAD -> Kind.MESSAGE;
          case VECTOR_STORE -> Kind.VECTOR_STORE_FILE;
          case FILE -> Kind.FILE_CONTENT;
          case FILE_CONTENT, VECTOR_STORE_FILE, ASSISTANT, MESSAGE, RUN -> null;
        };
    if (below != null) {
      ImportStore.count(tx, job, below, outcome, items.removeAll(tx, job, below, item.sourceId()));
    }
    ImportStore.report(tx, job, problems);
    ImportStore.resetAttempts(tx, job);
  }
}
