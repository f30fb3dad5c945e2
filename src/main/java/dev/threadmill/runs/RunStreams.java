package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.EventStream;
import jakarta.enterprise.context.ApplicationScoped;

/** Opens streams of the events of runs. */
@ApplicationScoped
class RunStreams {
  private final LiveRuns liveRuns;
  private final Watches watches;
  private final LoadRun loadRun;

  RunStreams(LiveRuns liveRuns, Watches watches, LoadRun loadRun) {
    this.liveRuns = liveRuns;
    this.watches = watches;
    this.loadRun = loadRun;
  }

  /** All of a run that has just been created, until it ends or waits for its client. */
  EventStream of(CreateRun.Created created) {
    var events = events(created.run(), true, EventId.START);
    return created.live().map(events::startingWith).orElse(events);
  }

  /** The rest of a run that goes on, until it ends or waits for its client again. */
  EventStream of(SubmitToolOutputs.Resumed resumed) {
    var events = events(resumed.run(), true, resumed.seen());
    return resumed.live().map(events::startingWith).orElse(events);
  }

  /**
   * A run from its beginning, or behind the last event that the client has seen, until it ends.
   *
   * @param lastEventId null for the beginning
   * @throws ApiException 400 if it is not the id of an event
   */
  EventStream attach(Run run, String lastEventId) {
    var seen = lastEventId == null ? EventId.START : EventId.parse(lastEventId);
    return events(run, false, seen);
  }

  private RunEvents events(Run run, boolean untilPause, EventId seen) {
    return new RunEvents(liveRuns, watches, loadRun, run, untilPause, seen);
  }
}
