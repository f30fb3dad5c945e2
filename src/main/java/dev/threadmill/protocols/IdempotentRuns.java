package dev.threadmill.protocols;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.idempotency.TransactionalKeys;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Starts one run for each key, however often its request is sent and to whichever node. */
@ApplicationScoped
public class IdempotentRuns {
  private final TransactionalKeys keys;
  private final RunClient runs;

  IdempotentRuns(TransactionalKeys keys, RunClient runs) {
    this.keys = keys;
    this.runs = runs;
  }

  /**
   * A request with a key.
   *
   * @param content distinguishes it from another request with the same key
   */
  public record IdempotentRequest(
      ProjectId project, AssistantId assistant, String key, String content) {}

  /**
   * The run of the request: a new one, or the one that it has started before.
   *
   * @param start starts it with a hook that has to be passed on
   * @throws ApiException 400 if the key was sent with another request, or is too long
   */
  public RunHandle startOnce(
      IdempotentRequest request, Function<RunClient.CreationHook, RunHandle> start) {
    return keys.once(
        new TransactionalKeys.KeyedRequest(
            request.project(), request.assistant().value(), request.key(), request.content()),
        effects -> find(request.project(), effects),
        recorder ->
            start.apply(
                (tx, thread, run) ->
                    recorder.record(
                        tx, Map.of(ThreadId.PREFIX, thread.value(), RunId.PREFIX, run.value()))));
  }

  private Optional<RunHandle> find(ProjectId project, Map<String, String> effects) {
    return runs.find(
        project, new ThreadId(effects.get(ThreadId.PREFIX)), new RunId(effects.get(RunId.PREFIX)));
  }
}
