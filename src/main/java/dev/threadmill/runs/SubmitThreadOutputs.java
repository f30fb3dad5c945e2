package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.Map;

/**
 * Stores outputs of tool calls of a thread. A run that waits for its last output continues; calls
 * that no run waits with are completed.
 */
@ApplicationScoped
public class SubmitThreadOutputs {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final ThreadStore threads;
  private final SubmitToolOutputs submitToolOutputs;
  private final CompleteOpenCalls completeOpenCalls;

  SubmitThreadOutputs(
      Jdbc jdbc,
      RunStore runs,
      ThreadStore threads,
      SubmitToolOutputs submitToolOutputs,
      CompleteOpenCalls completeOpenCalls) {
    this.jdbc = jdbc;
    this.runs = runs;
    this.threads = threads;
    this.submitToolOutputs = submitToolOutputs;
    this.completeOpenCalls = completeOpenCalls;
  }

  /**
   * Stores the outputs.
   *
   * @param outputs by the client's id of the call
   * @throws ApiException 400 if the thread has no such call
   */
  public void submit(ProjectId project, ThreadId thread, Map<String, String> outputs) {
    var others = new HashMap<String, String>();
    outputs.forEach(
        (id, output) -> {
          var call = PrepareEntries.idOf(id);
          var waiting = runs.waitingFor(project, thread, call);
          if (waiting.isPresent()) {
            submitToolOutputs.submitOne(project, thread, waiting.get().run(), call, output);
          } else {
            others.put(id, output);
          }
        });
    if (!others.isEmpty()) {
      var filtered = completeOpenCalls.filtered(project, thread, others);
      jdbc.runInTransaction(
          tx -> completeOpenCalls.complete(tx, threads.lock(tx, project, thread, 0), filtered));
    }
  }
}
