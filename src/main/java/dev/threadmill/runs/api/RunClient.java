package dev.threadmill.runs.api;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.CancelRun;
import dev.threadmill.runs.CreateRun;
import dev.threadmill.runs.SubmitToolOutputs;
import dev.threadmill.runs.ToolOutputs;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.spec.OnActiveRun;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The engine for front doors other than the Assistants API: starts runs, finds them, gives them
 * outputs and cancels them.
 */
@ApplicationScoped
public class RunClient {
  private final CreateRun createRun;
  private final CancelRun cancelRun;
  private final SubmitToolOutputs submitToolOutputs;
  private final RunStore runs;
  private final ToolCallStore calls;
  private final RunStreams streams;
  private final ToolsetFactory toolsets;

  RunClient(
      CreateRun createRun,
      CancelRun cancelRun,
      SubmitToolOutputs submitToolOutputs,
      RunStore runs,
      ToolCallStore calls,
      RunStreams streams,
      ToolsetFactory toolsets) {
    this.createRun = createRun;
    this.cancelRun = cancelRun;
    this.submitToolOutputs = submitToolOutputs;
    this.runs = runs;
    this.calls = calls;
    this.streams = streams;
    this.toolsets = toolsets;
  }

  /** Takes part in the transaction that creates a run. */
  @FunctionalInterface
  public interface CreationHook {
    /** Does nothing. */
    CreationHook NONE = (_, _, _) -> {};

    /** Called before the transaction is committed. */
    void onCreate(Tx tx, ThreadId thread, RunId run);

    private void onCreate(Tx tx, Run run) {
      onCreate(tx, run.threadId(), run.id());
    }
  }

  /** Takes part in the transaction that continues a run. */
  @FunctionalInterface
  public interface ResumptionHook {
    /** Does nothing. */
    ResumptionHook NONE = (_, _) -> {};

    /**
     * Called before the transaction is committed.
     *
     * @param start the {@link RunHandle#start} of the handle of the run that continues
     */
    void onResume(Tx tx, String start);

    private void onResume(Tx tx, EventId position) {
      onResume(tx, position.toString());
    }
  }

  /**
   * Creates a run on a thread.
   *
   * @throws ApiException 404 if there is no such assistant or thread; 400 if the thread is
   *     archived, if another run is active on it and the run is not to wait, if too many wait on
   *     it, or if the run has no assistant and names no model; 429 if a limit of the project is
   *     reached
   */
  public RunHandle start(ProjectId project, ThreadId thread, RunSpec spec, CreationHook hook) {
    return handle(createRun.create(project, thread, spec, hook::onCreate));
  }

  /** Creates a thread and a run on it. Otherwise as {@link #start}. */
  public RunHandle startWithThread(
      ProjectId project, CreateThread thread, RunSpec spec, CreationHook hook) {
    return handle(createRun.createWithThread(project, thread, spec, hook::onCreate));
  }

  /** As {@link #startWithThread}, with a thread that no list shows. */
  public RunHandle startWithHiddenThread(
      ProjectId project, CreateThread thread, RunSpec spec, CreationHook hook) {
    return handle(createRun.createWithThread(project, thread, true, spec, hook::onCreate));
  }

  /**
   * Creates a run in which an assistant answers a message. On a thread with an active run it is
   * queued. Otherwise as {@link #start}.
   *
   * @param thread null for a new thread, which then belongs to the assistant
   */
  public RunHandle answer(
      ProjectId project,
      AssistantId assistant,
      ThreadId thread,
      CreateMessage message,
      Metadata metadata,
      CreationHook hook) {
    var spec = RunSpec.ofAssistant(assistant).with(metadata);
    return thread == null
        ? startWithThread(
            project, new CreateThread(List.of(message), null, null, assistant), spec, hook)
        : start(project, thread, spec.withMessages(List.of(message)).with(OnActiveRun.QUEUE), hook);
  }

  private RunHandle handle(CreateRun.Created created) {
    return new RunHandle(
        streams, toolsets, created.run(), List.of(), EventId.START, created.live());
  }

  /** The run; empty if the project has no such run in this thread. */
  public Optional<RunHandle> find(ProjectId project, ThreadId thread, RunId id) {
    return runs.find(project, thread, id).map(this::handle);
  }

  /**
   * Those of the runs that the project has, by their ids, with their {@link RunHandle#items}. A few
   * statements, however many have ended.
   *
   * @param threads of the runs, by their ids
   */
  public Map<RunId, RunHandle> findAllWithItems(ProjectId project, Map<RunId, ThreadId> threads) {
    var keys = new ArrayList<RunKey>();
    threads.forEach((run, thread) -> keys.add(new RunKey(thread, run)));
    var found = runs.findAll(project, keys);
    var open =
        calls.awaitingClient(
            found.stream()
                .filter(run -> run.status() == RunStatus.REQUIRES_ACTION)
                .map(RunKey::of)
                .toList());
    var handles = new HashMap<RunId, RunHandle>();
    var frames = found.isEmpty() ? Map.<RunId, List<SseFrame>>of() : streams.stored(found);
    for (var run : found) {
      var handle = handle(run, open.getOrDefault(run.id(), List.of()));
      handle.setFrames(frames.getOrDefault(run.id(), List.of()));
      handles.put(run.id(), handle);
    }
    return handles;
  }

  /**
   * Cancels a run.
   *
   * @throws ApiException 404 if there is no such run; 400 if it has ended
   */
  public RunHandle cancel(ProjectId project, ThreadId thread, RunId id) {
    return handle(cancelRun.cancel(project, thread, id));
  }

  /**
   * Submits the outputs of all calls that a run waits for.
   *
   * @param outputs by the id of the call
   * @param hook takes part in the transaction that continues the run
   * @throws ApiException 404 if there is no such run; 400 if it does not wait, or waits for other
   *     calls
   */
  public RunHandle submit(
      ProjectId project,
      ThreadId thread,
      RunId id,
      Map<String, String> outputs,
      ResumptionHook hook) {
    var body =
        new ToolOutputs(
            outputs.entrySet().stream()
                .map(output -> new ToolOutputs.Output(output.getKey(), output.getValue()))
                .toList(),
            false);
    var resumed = submitToolOutputs.submit(project, thread, id, body, hook::onResume);
    return new RunHandle(
        streams, toolsets, resumed.run(), List.of(), resumed.position(), resumed.live());
  }

  /** As above, alone in its transaction. */
  public RunHandle submit(
      ProjectId project, ThreadId thread, RunId id, Map<String, String> outputs) {
    return submit(project, thread, id, outputs, ResumptionHook.NONE);
  }

  /**
   * Why a model cannot be offered a tool on this server, as a sentence; empty if it can.
   *
   * @param model null if it is not known
   */
  public Optional<String> objection(String model, ToolSpec tool) {
    return toolsets.objection(model, tool);
  }

  /** Runs of an assistant on a thread, newest first. */
  public List<RunHandle> list(ProjectId project, RunQuery query) {
    return runs.list(project, query.toFilter()).stream().map(this::handle).toList();
  }

  /** The run of a thread that waits for outputs; empty if none does. */
  public Optional<RunHandle> waiting(ProjectId project, ThreadId thread) {
    return runs.waiting(project, thread).map(this::handle);
  }

  /** The thread of a call that waits for an approval; empty if none does. */
  public Optional<ThreadId> threadOfOpenCall(ProjectId project, ToolCallId call) {
    return calls.threadAwaitingApproval(project, call);
  }

  /** The number of runs that the query selects, whatever its limit. */
  public int count(ProjectId project, RunQuery query) {
    return runs.count(project, query.toFilter());
  }

  /** The active runs of a project with this entry in their metadata; a few at most. */
  public List<RunHandle> active(ProjectId project, String key, String value) {
    return runs.active(project, new Metadata(Map.of(key, value))).stream()
        .map(this::handle)
        .toList();
  }

  private RunHandle handle(Run run) {
    var open =
        run.status() == RunStatus.REQUIRES_ACTION ? calls.awaitingClient(run) : List.<ToolCall>of();
    return handle(run, open);
  }

  private RunHandle handle(Run run, List<ToolCall> open) {
    return new RunHandle(streams, toolsets, run, open, EventId.START, Optional.empty());
  }
}
