package dev.threadmill.protocols.responses;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.RunSnapshot;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;

/** Approvals continue the run that waits for them: the server makes the calls in it. */
@ApplicationScoped
class ApproveCalls {
  private final RunClient runs;
  private final RecordResponse recordResponse;

  ApproveCalls(RunClient runs, RecordResponse recordResponse) {
    this.runs = runs;
    this.recordResponse = recordResponse;
  }

  /**
   * Submits the decisions and creates the response that begins with them.
   *
   * @throws ApiException 400 if no call waits for them, or if there are other items
   */
  CreateResponse.Created approve(
      ProjectId project, ResponseRequest request, ResponseTarget target, InputItems input) {
    var thread = target.previous() == null ? target.thread() : target.previous().thread();
    if (thread == null || !input.entries().isEmpty()) {
      throw ApiException.invalid(
          "input",
          "Send approvals alone, with the previous response or the conversation that asks for them.");
    }
    var waiting = waiting(project, thread);
    var outputs = new HashMap<String, String>(input.outputs());
    input.approvals().forEach((id, decision) -> outputs.put(ItemIds.with("call_", id), decision));
    var made = new StoredResponse[1];
    var run =
        runs.submit(
            project,
            thread,
            waiting.id(),
            outputs,
            (tx, start) ->
                made[0] =
                    recordResponse.ofApproval(
                        tx, request, target, input, thread, waiting.id(), start));
    return new CreateResponse.Created(made[0], run);
  }

  private RunSnapshot waiting(ProjectId project, ThreadId thread) {
    return runs.waiting(project, thread)
        .map(RunHandle::snapshot)
        .orElseThrow(
            () -> ApiException.invalid("input", "There is no call that waits for an approval."));
  }
}
