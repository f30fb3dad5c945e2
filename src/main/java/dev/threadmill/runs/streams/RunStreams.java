package dev.threadmill.runs.streams;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.api.sse.StreamLookup;
import dev.threadmill.runs.CreateRun;
import dev.threadmill.runs.SubmitToolOutputs;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Opens streams of the events of runs. */
@ApplicationScoped
public class RunStreams implements StreamLookup {
  private final LocalRuns localRuns;
  private final RunSubscriptions subscriptions;
  private final LoadRun loadRun;
  private final RunStore runs;
  private final RunTree tree;

  RunStreams(
      LocalRuns localRuns,
      RunSubscriptions subscriptions,
      LoadRun loadRun,
      RunStore runs,
      RunTree tree) {
    this.localRuns = localRuns;
    this.subscriptions = subscriptions;
    this.loadRun = loadRun;
    this.runs = runs;
    this.tree = tree;
  }

  /** The events of a run that was just created, until it ends or waits for its client. */
  public EventStream of(CreateRun.Created created) {
    var events = untilPause(created.run(), EventId.START);
    return created.live().map(events::startingFrom).orElse(events);
  }

  /**
   * As {@link #of(CreateRun.Created)}.
   *
   * @param withSearchContents whether steps show the contents of file searches
   */
  public EventStream of(CreateRun.Created created, boolean withSearchContents) {
    if (!withSearchContents) {
      return of(created);
    }
    var events = untilPause(created.run(), EventId.START, EventEncoder.WITH_SEARCH_CONTENTS);
    return created.live().map(events::startingFrom).orElse(events);
  }

  /** The events of a run that was resumed, until it ends or waits for its client again. */
  public EventStream of(SubmitToolOutputs.Resumed resumed) {
    var events = untilPause(resumed.run(), resumed.position());
    return resumed.live().map(events::startingFrom).orElse(events);
  }

  /**
   * The events of a run until it ends, from its start or behind the last event that the client has
   * received.
   *
   * @param lastEventId null for the start
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream attach(Run run, String lastEventId) {
    var position = lastEventId == null ? EventId.START : EventId.parse(lastEventId);
    return events(run, false, position, EventEncoder.ASSISTANTS_API);
  }

  /**
   * As {@link #attach}, with the events of all runs below.
   *
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream attachNested(Run run, String lastEventId) {
    var position = lastEventId == null ? NestedEventId.START : NestedEventId.parse(lastEventId);
    return new NestedEventStream(
        run,
        position,
        position.below().isEmpty() ? List.of() : tree.branches(run),
        (thread, below, from) -> reader(run.projectId(), thread, below, from));
  }

  @Override
  public String prefix() {
    return ThreadId.PREFIX;
  }

  @Override
  public EventStream open(ProjectId project, String address, String lastEventId) {
    var parts = address.split("/");
    var run = runs.get(project, new ThreadId(parts[0]), new RunId(parts[1]));
    return untilPause(run, EventId.parse(lastEventId == null ? parts[2] : lastEventId));
  }

  private RunEventStream untilPause(Run run, EventId position) {
    return untilPause(run, position, EventEncoder.ASSISTANTS_API);
  }

  private RunEventStream untilPause(Run run, EventId position, EventEncoder encoder) {
    return new RunEventStream(
        reader(run, position), encoder, true, run.threadId() + "/" + run.id() + "/" + position);
  }

  /**
   * The events of a run behind a position, in the form of another protocol.
   *
   * @param untilPause whether the stream also ends when the run waits for its client
   */
  public RunEventStream events(
      Run run, boolean untilPause, EventId position, EventEncoder encoder) {
    return new RunEventStream(reader(run, position), encoder, untilPause, null);
  }

  /** The events of a run as far as the database has them; empty if it was deleted. */
  public List<SseFrame> stored(Run run) {
    loadRun.reserve(List.of(run));
    return loadRun
        .load(run.projectId(), run.threadId(), run.id())
        .map(stored -> Replay.of(stored).frames())
        .orElse(List.of());
  }

  /** As {@link #stored(Run)}, of several runs by their ids, in a few statements. */
  public Map<RunId, List<SseFrame>> stored(List<Run> wanted) {
    var frames = new HashMap<RunId, List<SseFrame>>();
    loadRun.reserve(wanted);
    loadRun.loadAll(wanted).forEach(each -> frames.put(each.run().id(), Replay.of(each).frames()));
    return frames;
  }

  private RunEventReader reader(Run run, EventId position) {
    return reader(run.projectId(), run.threadId(), run.id(), position);
  }

  private RunEventReader reader(ProjectId project, ThreadId thread, RunId run, EventId position) {
    return new RunEventReader(localRuns, subscriptions, loadRun, project, thread, run, position);
  }
}
