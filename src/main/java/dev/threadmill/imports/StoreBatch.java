package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.imports.ImportStore.Problem;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Stores what was read of a source, together with how far it is read. */
@ApplicationScoped
class StoreBatch {
  private final Jdbc jdbc;
  private final ImportStore imports;
  private final StagedItems items;
  private final ImportsConfig config;

  StoreBatch(Jdbc jdbc, ImportStore imports, StagedItems items, ImportsConfig config) {
    this.jdbc = jdbc;
    this.imports = imports;
    this.items = items;
    this.config = config;
  }

  /**
   * Stores objects.
   *
   * @param position how far the source is read with them
   * @throws ImportFailedException if the source has too many objects
   */
  ImportJob store(ImportJob job, SourceObjects read, ObjectNode position)
      throws ImportFailedException {
    position.put("ordinal", read.ordinal());
    if (read.ordinal() > config.maxObjects()) {
      throw new ImportFailedException(
          "The source has more than %,d objects.".formatted(config.maxObjects()), false);
    }
    return jdbc.inTransaction(
        tx -> {
          imports.fence(tx, job);
          items
              .add(tx, job, read.items())
              .forEach((kind, added) -> ImportStore.count(tx, job, kind, "read", added));
          ImportStore.count(tx, job, Kind.RUN, "not_taken", read.runs());
          ImportStore.report(tx, job, read.problems());
          ImportStore.count(tx, job, Kind.FILE, "unreadable", read.problems().size());
          return imports.moveTo(tx, job, position);
        });
  }

  /** Ends the reading: threads that only their messages name are added. */
  void complete(ImportJob job) {
    boolean hasRuns = imports.counts(job.id()).containsKey(Kind.RUN.wire());
    jdbc.runInTransaction(
        tx -> {
          imports.fence(tx, job);
          ImportStore.count(tx, job, Kind.THREAD, "read", items.addMissingThreads(tx, job));
          if (hasRuns) {
            ImportStore.report(
                tx,
                job,
                List.of(
                    new Problem(
                        Kind.RUN,
                        "",
                        "Runs and their steps belong to the server that executed them and are not"
                            + " taken. Their messages are.")));
          }
        });
  }
}
