package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Sha256;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.protocols.IdempotentRuns;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.RunQuery;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.threads.CreateMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The operations on the tasks of an agent, which are the runs of an assistant. */
@ApplicationScoped
class A2aTasks {
  private static final int DEFAULT_PAGE = 50;
  private static final int MAX_PAGE = 100;

  private final RunClient runs;
  private final IdempotentRuns keys;
  private final RenderTask showTask;

  A2aTasks(RunClient runs, IdempotentRuns keys, RenderTask showTask) {
    this.runs = runs;
    this.keys = keys;
    this.showTask = showTask;
  }

  /** Sends a message, and by default waits until the task has ended or needs input. */
  JsonNode send(Assistant assistant, A2aVersion dialect, JsonNode params)
      throws InterruptedException {
    var task = startOrContinue(assistant, dialect, params);
    var configuration = params.path("configuration");
    boolean waits =
        dialect == A2aVersion.V1
            ? !configuration.path("returnImmediately").asBoolean(false)
            : configuration.path("blocking").asBoolean(true);
    var state = task.snapshot();
    if (waits && !state.isPausedOrEnded()) {
      task.await();
      state = current(assistant, TaskId.of(state)).snapshot();
    }
    return dialect.oneOf(
        "task", showTask.withArtifacts(dialect, state, historyLength(configuration)));
  }

  /** Sends a message, and streams the task until it has ended or needs input. */
  EventStream stream(Assistant assistant, A2aVersion dialect, JsonNode requestId, JsonNode params) {
    var task = startOrContinue(assistant, dialect, params);
    return task.stream(
        new TaskUpdateEncoder(dialect, requestId, task.snapshot(), false, true), true, null);
  }

  ObjectNode get(Assistant assistant, A2aVersion dialect, JsonNode params) {
    return showTask.withArtifacts(
        dialect, requested(assistant, params).snapshot(), historyLength(params));
  }

  ObjectNode cancel(Assistant assistant, A2aVersion dialect, JsonNode params) {
    var task = requested(assistant, params).snapshot();
    if (!task.status().isTerminal()) {
      try {
        runs.cancel(assistant.projectId(), task.thread(), task.id());
      } catch (ApiException e) {
        // It ended meanwhile.
      }
      task = current(assistant, TaskId.of(task)).snapshot();
    }
    var state = TaskState.of(task);
    if (state.isTerminal() && state != TaskState.CANCELED) {
      throw A2aError.notCancelable(state.wire(dialect));
    }
    return showTask.withArtifacts(dialect, task, 0);
  }

  /**
   * Streams a task until it has ended, from its start or behind the last event that the client has
   * received.
   */
  EventStream subscribe(
      Assistant assistant,
      A2aVersion dialect,
      JsonNode requestId,
      JsonNode params,
      String lastEventId) {
    var task = requested(assistant, params);
    var state = TaskState.of(task.snapshot());
    if (state.isTerminal() && dialect == A2aVersion.V1 && lastEventId == null) {
      throw A2aError.unsupported("The task has ended: get it, it does not change any more.");
    }
    var words =
        new TaskUpdateEncoder(dialect, requestId, task.snapshot(), lastEventId != null, false);
    return task.stream(words, false, lastEventId);
  }

  JsonNode list(Assistant assistant, A2aVersion dialect, JsonNode params) {
    var context = params.path("contextId").asText("");
    if (context.isEmpty()) {
      throw A2aError.invalid("contextId", "Tasks are listed by context: set 'contextId'.");
    }
    int size = params.path("pageSize").asInt(DEFAULT_PAGE);
    if (size < 1 || size > MAX_PAGE) {
      throw A2aError.invalid("pageSize", "Expected 1 to %d.".formatted(MAX_PAGE));
    }
    var token = params.path("pageToken").asText("");
    var after =
        token.isEmpty()
            ? null
            : TaskId.parse(token)
                .orElseThrow(
                    () ->
                        A2aError.invalid(
                            "pageToken", "Expected the 'nextPageToken' of an earlier page."));
    var wanted =
        new RunQuery(
            thread(context),
            assistant.id(),
            statuses(params.path("status").asText("")),
            after == null ? null : after.run(),
            size);
    var found = runs.list(assistant.projectId(), wanted).stream().map(RunHandle::snapshot).toList();
    var shown =
        params.path("includeArtifacts").asBoolean(false)
            ? showTask.withArtifacts(dialect, found, historyLength(params))
            : found.stream().map(run -> RenderTask.withoutArtifacts(dialect, run)).toList();
    var page = Json.MAPPER.createObjectNode();
    page.putArray("tasks").addAll(shown);
    boolean more = found.size() == size || shown.size() < found.size();
    return page.put("nextPageToken", more ? TaskId.of(found.get(shown.size() - 1)).toString() : "")
        .put("pageSize", size)
        .put("totalSize", runs.count(assistant.projectId(), wanted));
  }

  private static ThreadId thread(String context) {
    try {
      return new ThreadId(context);
    } catch (ApiException e) {
      throw IncomingMessage.unknownContext();
    }
  }

  private static List<RunState> statuses(String state) {
    if (state.isEmpty() || state.equals("TASK_STATE_UNSPECIFIED")) {
      return List.of();
    }
    for (var known : TaskState.values()) {
      if (known.wire(A2aVersion.V1).equals(state)) {
        return known.statuses();
      }
    }
    throw A2aError.invalid("status", "Expected the state of a task.");
  }

  private RunHandle startOrContinue(Assistant assistant, A2aVersion dialect, JsonNode params) {
    var message = IncomingMessage.read(dialect, params.path("message"));
    var configuration = params.path("configuration");
    requireOutput(configuration.path("acceptedOutputModes"));
    historyLength(configuration);
    if (configuration.hasNonNull("pushNotificationConfig")
        || configuration.hasNonNull("taskPushNotificationConfig")) {
      throw A2aError.noPushNotifications();
    }
    return message.task() == null ? start(assistant, message) : continueTask(assistant, message);
  }

  /** A message without a task starts one, and only one, however often it is sent. */
  private RunHandle start(Assistant assistant, IncomingMessage message) {
    if (message.content().isEmpty()) {
      throw A2aError.invalid(
          "message.taskId", "Outputs of tool calls need the id of the task that waits for them.");
    }
    var content = message.content();
    CreateMessage userMessage;
    try {
      userMessage = CreateMessage.ofUser(content);
    } catch (ApiException e) {
      throw A2aError.invalid("message.parts", e.error().message());
    }
    var fingerprint = message.context() + "/" + Json.write(content);
    // Clients that number their messages reuse ids: other content makes it another request.
    var key = "a2a/" + message.id() + "/" + Sha256.hex(fingerprint);
    var metadata = new Metadata(Map.of("protocol", "a2a", "a2a_message_id", message.id()));
    try {
      return keys.startOnce(
          new IdempotentRuns.IdempotentRequest(
              assistant.projectId(), assistant.id(), key, fingerprint),
          alongside ->
              runs.answer(
                  assistant.projectId(),
                  assistant.id(),
                  message.context(),
                  userMessage,
                  metadata,
                  alongside));
    } catch (ApiException e) {
      throw e.httpStatus() == 404 && message.context() != null
          ? IncomingMessage.unknownContext()
          : e;
    }
  }

  /** A message with a task provides the input that the task waits for. */
  private RunHandle continueTask(Assistant assistant, IncomingMessage message) {
    var task = current(assistant, message.task()).snapshot();
    if (message.context() != null && !message.context().equals(task.thread())) {
      throw A2aError.invalid("message.contextId", "The task belongs to another context.");
    }
    if (task.status().isTerminal()) {
      throw A2aError.unsupported(
          "The task has ended. Send the message with its contextId alone to start another.");
    }
    if (task.status() != RunState.REQUIRES_ACTION) {
      throw A2aError.unsupported(
          "The task does not wait for input. Send the message with its contextId alone to have it"
              + " answered next.");
    }
    return runs.submit(assistant.projectId(), task.thread(), task.id(), outputs(task, message));
  }

  private static Map<String, String> outputs(RunSnapshot task, IncomingMessage message) {
    if (!message.outputs().isEmpty()) {
      return message.outputs();
    }
    if (task.pendingCalls().size() != 1) {
      throw A2aError.invalid(
          "message.parts",
          "The task waits for %d results: send a data part with 'tool_outputs'."
              .formatted(task.pendingCalls().size()));
    }
    var outputs = new LinkedHashMap<String, String>();
    outputs.put(task.pendingCalls().getFirst().id(), message.text());
    return outputs;
  }

  private RunHandle requested(Assistant assistant, JsonNode params) {
    return current(
        assistant, TaskId.parse(params.path("id").asText("")).orElseThrow(A2aError::taskNotFound));
  }

  /** The task as it is now. Tasks of other assistants are not found. */
  private RunHandle current(Assistant assistant, TaskId task) {
    return runs.find(assistant.projectId(), task.thread(), task.run())
        .filter(run -> run.snapshot().assistant().equals(assistant.id()))
        .orElseThrow(A2aError::taskNotFound);
  }

  private static int historyLength(JsonNode params) {
    var length = params.path("historyLength");
    if (length.isMissingNode() || length.isNull()) {
      return 0;
    }
    if (!length.canConvertToInt() || !length.isIntegralNumber() || length.asInt() < 0) {
      throw A2aError.invalid("historyLength", "Expected a whole number, not less than 0.");
    }
    return length.asInt();
  }

  private static void requireOutput(JsonNode modes) {
    if (!modes.isArray() || modes.isEmpty()) {
      return;
    }
    for (var mode : modes) {
      if (List.of("text/plain", "text", "text/*", "*/*").contains(mode.asText())) {
        return;
      }
    }
    throw A2aError.contentType(
        "The agent answers in text/plain, which the client does not accept.");
  }
}
