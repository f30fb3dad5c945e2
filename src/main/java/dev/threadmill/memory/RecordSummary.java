package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;

/** Stores summaries that other features have a model write, as versions like any other. */
@ApplicationScoped
public class RecordSummary {
  private static final int TRIES = 5;

  private final SummaryStore summaries;
  private final InstantSource clock;

  RecordSummary(SummaryStore summaries, InstantSource clock) {
    this.summaries = summaries;
    this.clock = clock;
  }

  /**
   * Adds a version of the summary of a thread that covers all of its messages so far.
   *
   * @param model that wrote it
   */
  public void record(Tx tx, ProjectId project, ThreadId thread, String text, String model) {
    var now = clock.instant();
    boolean isAdded = false;
    for (int attempt = 0; !isAdded && attempt < TRIES; attempt++) {
      int next = summaries.latestVersion(tx, thread) + 1;
      isAdded = summaries.add(tx, version(thread, next, project, now, text, model));
    }
  }

  private static SummaryStore.Summary version(
      ThreadId thread, int number, ProjectId project, Instant now, String text, String model) {
    return new SummaryStore.Summary(
        thread, number, project, now, text, "rolling", "model", model, now);
  }
}
