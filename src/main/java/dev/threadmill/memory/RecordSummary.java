package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.recall.TextStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/** Stores summaries that other features have a model write, as versions like any other. */
@ApplicationScoped
public class RecordSummary {
  private static final Logger LOG = Logger.getLogger(RecordSummary.class);
  private static final int TRIES = 5;

  private final SummaryStore summaries;
  private final TextStore texts;
  private final InstantSource clock;

  RecordSummary(SummaryStore summaries, TextStore texts, InstantSource clock) {
    this.summaries = summaries;
    this.texts = texts;
    this.clock = clock;
  }

  /**
   * The messages that a summary is to cover.
   *
   * @param to when the newest of them was created; null if there are none
   */
  public record Covered(ThreadId thread, int messages, Instant to) {}

  /**
   * The messages of a thread up to a time. To be called before the messages are read for the
   * summary.
   */
  public Covered covered(ThreadId thread, Instant until) {
    var found = texts.countUntil(thread, until);
    return new Covered(thread, found.messages(), found.newest());
  }

  /**
   * As above, up to the end of a run.
   *
   * @param ended when it ended, which counts if it has no message
   */
  public Covered covered(ThreadId thread, RunId run, Instant ended) {
    return covered(thread, texts.newestOf(thread, run).orElse(ended));
  }

  /**
   * Adds a version of the summary of a thread. Adds none if one of its messages was deleted
   * meanwhile or is forgotten, because the text may have what was in it.
   *
   * @param covered the messages that the text summarizes
   * @param model that wrote it
   * @return false if messages were deleted meanwhile or are forgotten
   */
  public boolean record(Tx tx, ProjectId project, Covered covered, String text, String model) {
    var thread = covered.thread();
    if (covered.to() == null) {
      return true;
    }
    if (texts.lockUntil(tx, thread, covered.to()) != covered.messages()) {
      LOG.infof("summary=not_recorded thread_id=%s reason=messages_deleted", thread);
      return false;
    }
    boolean isAdded = false;
    for (int attempt = 0; !isAdded && attempt < TRIES; attempt++) {
      int next = summaries.latestVersion(tx, thread) + 1;
      isAdded = summaries.add(tx, version(next, project, covered, text, model));
    }
    if (!isAdded) {
      LOG.warnf("summary=not_recorded thread_id=%s reason=version_taken", thread);
    }
    return true;
  }

  private SummaryStore.Summary version(
      int number, ProjectId project, Covered covered, String text, String model) {
    return new SummaryStore.Summary(
        covered.thread(),
        number,
        project,
        clock.instant(),
        text,
        "rolling",
        "model",
        model,
        covered.to());
  }
}
