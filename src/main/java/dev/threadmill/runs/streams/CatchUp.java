package dev.threadmill.runs.streams;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StoredRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the database has for a reader at a position.
 *
 * @param frames the events behind the position
 * @param reached the position behind the last of them
 * @param isComplete whether the database has no more
 * @param handoff the run that answers in place of this one; null if none does
 * @param characters the size of the texts from which the events were made; 0 if there are none
 */
record CatchUp(
    Run run,
    List<SseFrame> frames,
    EventId reached,
    boolean isComplete,
    RunSubscriptions.Version version,
    StoredRun handoff,
    long characters) {

  /**
   * Loads the events behind a position. In the middle of a message the journal alone suffices;
   * events of tool calls need the rows.
   *
   * @param open the step of the last event that the reader has received; null if there is none
   * @return empty if the run was deleted
   */
  static Optional<CatchUp> load(
      LoadRun loadRun, ProjectId project, ThreadId thread, RunId run, EventId from, Step open) {
    boolean isInMessage =
        open != null
            && open.ordinal() == from.openStep()
            && open.type() == Step.Type.MESSAGE_CREATION;
    if (isInMessage) {
      var journal = loadRun.loadJournalAfter(project, thread, run, from);
      if (journal.isPresent()) {
        return journal.map(stored -> of(stored, Replay.ofJournal(stored, from, open), from));
      }
    }
    return loadRun
        .load(project, thread, run, from)
        .map(stored -> of(stored, Replay.of(stored), from));
  }

  private static CatchUp of(StoredRun stored, Replay replay, EventId from) {
    var frames = new ArrayList<>(ResumeFilter.after(replay.frames(), from, stored.run()));
    var reached = replay.end().isBefore(from) ? from : replay.end();
    var last = frames.isEmpty() ? from : frames.getLast().id();
    if (last.isBefore(reached)) {
      // The contents of the last events were deleted: an invisible event moves the reader past
      // them.
      frames.add(new SseFrame(reached, StreamEvents.attemptStarted(reached.attempt())));
    }
    return new CatchUp(
        stored.run(),
        frames,
        reached,
        !stored.isTruncated(),
        RunSubscriptions.Version.of(stored),
        stored.handoffTarget(),
        frames.isEmpty() ? 0 : stored.characters());
  }
}
