package dev.threadmill.imports;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Id;
import dev.threadmill.db.Jdbc;
import dev.threadmill.imports.ImportStore.Problem;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Writes one object: chooses its id, creates it unless it is there already, and ends the work on
 * its item. Each step can be repeated.
 */
@ApplicationScoped
class TakeItem {
  private final Jdbc jdbc;
  private final ImportStore imports;
  private final SourceIds sourceIds;
  private final FinishItem finishItem;

  TakeItem(Jdbc jdbc, ImportStore imports, SourceIds sourceIds, FinishItem finishItem) {
    this.jdbc = jdbc;
    this.imports = imports;
    this.sourceIds = sourceIds;
    this.finishItem = finishItem;
  }

  /** Creates an object with this id. */
  @FunctionalInterface
  interface Creation<T extends Id> {
    /**
     * @param problems is filled with what is left out
     * @return false if the object is to be created later
     */
    boolean create(T id, List<Problem> problems) throws ImportFailedException, InterruptedException;
  }

  /**
   * Writes an object.
   *
   * @param fresh makes a new id
   * @param typed reads an id; an exception for one that is none
   */
  <T extends Id> void take(
      ImportJob job,
      StagedItem item,
      Supplier<T> fresh,
      Function<String, T> typed,
      Creation<T> creation)
      throws ImportFailedException, InterruptedException {
    var problems = new ArrayList<Problem>();
    var kept = job.request().keepIds() ? kept(typed, item, problems) : Optional.<T>empty();
    var wanted = kept.orElseGet(fresh);
    boolean wasThere = kept.isPresent() && isPresentUnchosen(job, item, wanted);
    var chosen = sourceIds.choose(job, item.kind(), item.sourceId(), wanted.value());
    var owner = sourceIds.owner(item.kind(), chosen.id());
    if (owner.isPresent()) {
      if (owner.get().equals(job.project())) {
        boolean isNew = chosen.isNew() && !wasThere;
        finishItem.finish(job, item, isNew ? FinishItem.CREATED : FinishItem.PRESENT, problems);
      } else {
        fail(job, item, "The id '%s' is taken.".formatted(chosen.id()));
      }
      return;
    }
    try {
      if (creation.create(typed.apply(chosen.id()), problems)) {
        finishItem.finish(job, item, FinishItem.CREATED, problems);
      }
    } catch (ApiException e) {
      if (e.httpStatus() >= 500) {
        throw new ImportFailedException(e.getMessage(), true);
      }
      fail(job, item, e.getMessage());
    }
  }

  private boolean isPresentUnchosen(ImportJob job, StagedItem item, Id wanted) {
    return sourceIds.find(job, item.kind(), List.of(item.sourceId())).isEmpty()
        && sourceIds.owner(item.kind(), wanted.value()).isPresent();
  }

  private static <T extends Id> Optional<T> kept(
      Function<String, T> typed, StagedItem item, List<Problem> problems) {
    try {
      return Optional.of(typed.apply(item.sourceId()));
    } catch (ApiException e) {
      problems.add(
          new Problem(
              item.kind(),
              item.sourceId(),
              "The id has not the form of an id here, so the object got another one."));
      return Optional.empty();
    }
  }

  private void fail(ImportJob job, StagedItem item, String message) {
    jdbc.runInTransaction(
        tx -> {
          imports.fence(tx, job);
          sourceIds.forget(tx, job, item.kind(), item.sourceId());
          finishItem.finish(
              tx,
              job,
              item,
              FinishItem.FAILED,
              List.of(new Problem(item.kind(), item.sourceId(), message)));
        });
  }
}
