package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.RunSnapshot;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.Optional;

/**
 * Approvals continue the run that waits for them: the server makes the calls in it. A client that
 * sends its whole history instead of naming the previous response is led to the run by the id of
 * the request for approval.
 */
@ApplicationScoped
class ApproveCalls {
  /** The field of a stored request with the calls that its approvals have made. */
  static final String APPROVED = "approved";

  private final RunClient runs;
  private final ResponseStore store;
  private final RecordResponse recordResponse;

  ApproveCalls(RunClient runs, ResponseStore store, RecordResponse recordResponse) {
    this.runs = runs;
    this.store = store;
    this.recordResponse = recordResponse;
  }

  /**
   * Submits the decisions and creates the response that begins with them.
   *
   * @return empty if the decisions are part of a history that goes on behind them
   * @throws ApiException 400 if no call waits for them, or if there are other items beside a
   *     previous response or a conversation
   */
  Optional<CreateResponse.Created> approve(
      ProjectId project, ResponseRequest request, ResponseTarget target, InputItems input) {
    if (target.previous() != null || target.thread() != null) {
      if (!input.entries().isEmpty()) {
        throw ApiException.invalid(
            "input",
            "Send approvals alone with the previous response or the conversation that asks for"
                + " them.");
      }
      return Optional.of(submit(project, request, target, input));
    }
    var last = input.items().isEmpty() ? null : input.items().getLast();
    if (last == null || !last.path("type").asText().equals("mcp_approval_response")) {
      return Optional.empty();
    }
    var id = last.path("approval_request_id").asText();
    var thread =
        runs.threadOfOpenCall(project, new ToolCallId(ItemIds.with("call_", id)))
            .orElseThrow(
                () ->
                    ApiException.invalid(
                        "input",
                        "No call waits for the approval '%s'. It was decided before, or its response"
                                .formatted(id)
                            + " was not stored."));
    var latest = store.newestOf(thread).orElse(null);
    boolean isLinear = latest != null && !latest.conversation();
    return Optional.of(
        submit(
            project,
            request,
            new ResponseTarget(project, thread, latest, isLinear, latest),
            input));
  }

  private CreateResponse.Created submit(
      ProjectId project, ResponseRequest request, ResponseTarget target, InputItems input) {
    var thread = target.previous() == null ? target.thread() : target.previous().thread();
    var waiting = waiting(project, thread);
    var outputs = new HashMap<String, String>(input.outputs());
    var pending = waiting.pendingCalls();
    input
        .approvals()
        .forEach(
            (id, decision) -> {
              var call = ItemIds.with("call_", id);
              // A whole history has earlier decisions, too.
              if (input.entries().isEmpty()
                  || pending.stream().anyMatch(each -> each.id().equals(call))) {
                outputs.put(call, decision);
              }
            });
    var approved = Json.MAPPER.createArrayNode();
    for (var call : pending) {
      if (call.approval() && isApproval(outputs.get(call.id()))) {
        approved.add(shown(waiting, call));
      }
    }
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
                        tx, request, target, input, waiting, approved, start));
    return new CreateResponse.Created(made[0], run);
  }

  private static boolean isApproval(String decision) {
    return decision != null && Json.tree(decision).path("approve").asBoolean(false);
  }

  private static ObjectNode shown(RunSnapshot waiting, RunSnapshot.PendingCall call) {
    var label =
        waiting.settings().tools().stream()
            .filter(ToolSpec.Mcp.class::isInstance)
            .map(tool -> ((ToolSpec.Mcp) tool).mcp().serverLabel())
            .filter(each -> call.name().startsWith(each + "_"))
            .findFirst()
            .orElse("mcp");
    return Json.MAPPER
        .createObjectNode()
        .put("id", call.id())
        .put("server_label", label)
        .put("name", CallEvents.toolName(call.name(), label))
        .put("arguments", call.arguments());
  }

  private RunSnapshot waiting(ProjectId project, ThreadId thread) {
    return runs.waiting(project, thread)
        .map(RunHandle::snapshot)
        .orElseThrow(
            () -> ApiException.invalid("input", "There is no call that waits for an approval."));
  }
}
