package dev.threadmill.runs.api;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.CancelRun;
import dev.threadmill.runs.CreateRun;
import dev.threadmill.runs.RunRequest;
import dev.threadmill.runs.SubmitToolOutputs;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import jakarta.enterprise.context.ApplicationScoped;
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
  private final StepStore steps;
  private final RunStreams streams;

  RunClient(
      CreateRun createRun,
      CancelRun cancelRun,
      SubmitToolOutputs submitToolOutputs,
      RunStore runs,
      StepStore steps,
      RunStreams streams) {
    this.createRun = createRun;
    this.cancelRun = cancelRun;
    this.submitToolOutputs = submitToolOutputs;
    this.runs = runs;
    this.steps = steps;
    this.streams = streams;
  }

  /** Takes part in the transaction that creates a run. */
  @FunctionalInterface
  public interface CreationHook {
    /** Called before the transaction is committed. */
    void onCreate(Tx tx, ThreadId thread, RunId run);
  }

  /**
   * Starts a run in which an assistant answers a message. On a thread with an active run it is
   * queued.
   *
   * @param thread null for a new thread, which then belongs to the assistant
   * @throws ApiException 404 if there is no such assistant or thread; 400 if the thread is
   *     archived, or too many runs wait on it; 429 if a limit of the project is reached
   */
  public RunHandle start(
      ProjectId project,
      AssistantId assistant,
      ThreadId thread,
      CreateMessage message,
      Metadata metadata,
      CreationHook hook) {
    CreateRun.Alongside also = (tx, run) -> hook.onCreate(tx, run.threadId(), run.id());
    var created =
        thread == null
            ? createRun.create(
                project,
                RunRequest.CreateWithThread.of(
                    assistant, new CreateThread(List.of(message), null, null, assistant), metadata),
                also)
            : createRun.create(
                project, thread, RunRequest.Create.inTurn(assistant, message, metadata), also);
    return new RunHandle(streams, created.run(), List.of(), EventId.START, created.live());
  }

  /** The run; empty if the project has no such run in this thread. */
  public Optional<RunHandle> find(ProjectId project, ThreadId thread, RunId id) {
    return runs.find(project, thread, id).map(this::handle);
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
   * @throws ApiException 404 if there is no such run; 400 if it does not wait, or waits for other
   *     calls
   */
  public RunHandle submit(
      ProjectId project, ThreadId thread, RunId id, Map<String, String> outputs) {
    var body =
        new SubmitToolOutputs.Body(
            outputs.entrySet().stream()
                .map(
                    output -> new SubmitToolOutputs.Body.Output(output.getKey(), output.getValue()))
                .toList(),
            false);
    var resumed = submitToolOutputs.submit(project, thread, id, body);
    return new RunHandle(streams, resumed.run(), List.of(), resumed.seen(), resumed.live());
  }

  /** Runs of an assistant on a thread, newest first. */
  public List<RunHandle> list(ProjectId project, RunQuery query) {
    return runs.list(project, query.toFilter()).stream().map(this::handle).toList();
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
        run.status() == RunStatus.REQUIRES_ACTION ? steps.openCalls(run) : List.<ToolCall>of();
    return new RunHandle(streams, run, open, EventId.START, Optional.empty());
  }
}
