package dev.threadmill.runs.streams;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.EventStream;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.StreamLookup;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.CreateRun;
import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.SubmitToolOutputs;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Opens streams of the events of runs. */
@ApplicationScoped
public class RunStreams implements StreamLookup {
  private final LocalRuns liveRuns;
  private final RunSubscriptions watches;
  private final LoadRun loadRun;
  private final RunStore runs;
  private final RunTree tree;

  RunStreams(
      LocalRuns liveRuns, RunSubscriptions watches, LoadRun loadRun, RunStore runs, RunTree tree) {
    this.tree = tree;
    this.liveRuns = liveRuns;
    this.watches = watches;
    this.loadRun = loadRun;
    this.runs = runs;
  }

  /** All of a run that has just been created, until it ends or waits for its client. */
  public EventStream of(CreateRun.Created created) {
    var events = events(created.run(), true, EventId.START);
    return created.live().map(events::startingFrom).orElse(events);
  }

  /** The rest of a run that goes on, until it ends or waits for its client again. */
  public EventStream of(SubmitToolOutputs.Resumed resumed) {
    var events = events(resumed.run(), true, resumed.seen());
    return resumed.live().map(events::startingFrom).orElse(events);
  }

  /**
   * A run from its beginning, or behind the last event that the client has seen, until it ends.
   *
   * @param lastEventId null for the beginning
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream attach(Run run, String lastEventId) {
    var seen = lastEventId == null ? EventId.START : EventId.parse(lastEventId);
    return events(run, false, seen);
  }

  /**
   * As {@link #attach}, with the events of all runs below.
   *
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream attachNested(Run run, String lastEventId) {
    var seen = lastEventId == null ? NestedEventId.START : NestedEventId.parse(lastEventId);
    return new NestedEventStream(
        run,
        seen,
        seen.below().isEmpty() ? List.of() : tree.branches(run),
        (thread, below, place) ->
            new RunEventStream(
                liveRuns,
                watches,
                loadRun,
                run.projectId(),
                thread,
                below,
                false,
                place,
                RunEventStream.Encoder.ASSISTANTS_API));
  }

  @Override
  public EventStream open(ProjectId project, String address, String lastEventId) {
    var parts = address.split("/");
    var run = runs.get(project, new ThreadId(parts[0]), new RunId(parts[1]));
    return events(run, true, EventId.parse(lastEventId == null ? parts[2] : lastEventId));
  }

  private RunEventStream events(Run run, boolean untilPause, EventId seen) {
    return events(run, untilPause, seen, RunEventStream.Encoder.ASSISTANTS_API);
  }

  /** The events of a run behind a place, in words other than those of the Assistants API. */
  public RunEventStream events(
      Run run, boolean untilPause, EventId seen, RunEventStream.Encoder words) {
    return new RunEventStream(
        liveRuns,
        watches,
        loadRun,
        run.projectId(),
        run.threadId(),
        run.id(),
        untilPause,
        seen,
        words);
  }
}
