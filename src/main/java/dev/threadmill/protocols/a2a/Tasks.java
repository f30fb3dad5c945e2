package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.EventStream;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.protocols.RequestKeys;
import dev.threadmill.runs.face.ProtocolRuns;
import dev.threadmill.runs.face.RunHandle;
import dev.threadmill.runs.face.RunState;
import dev.threadmill.runs.store.RunFilter;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.threads.CreateMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What can be done with the tasks of an agent: they are the runs of an assistant. */
@ApplicationScoped
class Tasks {
  private static final int DEFAULT_PAGE = 50;
  private static final int MAX_PAGE = 100;

  private final ProtocolRuns runs;
  private final RequestKeys keys;
  private final ShowTask showTask;

  Tasks(ProtocolRuns runs, RequestKeys keys, ShowTask showTask) {
    this.runs = runs;
    this.keys = keys;
    this.showTask = showTask;
  }

  /** Sends a message, and by default waits until the task has ended or needs input. */
  JsonNode send(Assistant assistant, Dialect dialect, JsonNode params) throws InterruptedException {
    var task = begin(assistant, dialect, params);
    var configuration = params.path("configuration");
    boolean waits =
        dialect == Dialect.V1
            ? !configuration.path("returnImmediately").asBoolean(false)
            : configuration.path("blocking").asBoolean(true);
    var state = task.state();
    if (waits && !state.isStopped()) {
      task.await();
      state = now(assistant, TaskId.of(state)).state();
    }
    return dialect.oneOf("task", showTask.whole(dialect, state, historyLength(configuration)));
  }

  /** Sends a message, and tells of the task until it has ended or needs input. */
  EventStream stream(Assistant assistant, Dialect dialect, JsonNode requestId, JsonNode params) {
    var task = begin(assistant, dialect, params);
    return task.stream(new TaskWords(dialect, requestId, task.state(), false, true), true, null);
  }

  ObjectNode get(Assistant assistant, Dialect dialect, JsonNode params) {
    return showTask.whole(dialect, asked(assistant, params).state(), historyLength(params));
  }

  ObjectNode cancel(Assistant assistant, Dialect dialect, JsonNode params) {
    var task = asked(assistant, params).state();
    if (!task.status().isTerminal()) {
      try {
        runs.cancel(assistant.projectId(), task.thread(), task.id());
      } catch (ApiException e) {
        // It has ended in this moment.
      }
      task = now(assistant, TaskId.of(task)).state();
    }
    var state = TaskState.of(task);
    if (state.isTerminal() && state != TaskState.CANCELED) {
      throw A2aError.notCancelable(state.wire(dialect));
    }
    return showTask.whole(dialect, task, 0);
  }

  /**
   * Tells of a task from its beginning, or behind the last event that the client has seen, until it
   * has ended.
   */
  EventStream subscribe(
      Assistant assistant,
      Dialect dialect,
      JsonNode requestId,
      JsonNode params,
      String lastEventId) {
    var task = asked(assistant, params);
    var state = TaskState.of(task.state());
    if (state.isTerminal() && dialect == Dialect.V1 && lastEventId == null) {
      throw A2aError.unsupported("The task has ended: ask for it, it does not change any more.");
    }
    var words = new TaskWords(dialect, requestId, task.state(), lastEventId != null, false);
    return task.stream(words, false, lastEventId);
  }

  JsonNode list(Assistant assistant, Dialect dialect, JsonNode params) {
    var context = params.path("contextId").asText("");
    if (context.isEmpty()) {
      throw A2aError.invalid("contextId", "Tasks are listed by their context: name one.");
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
                .orElseThrow(() -> A2aError.invalid("pageToken", "Expected a token of ours."));
    var wanted =
        new RunFilter(
            thread(context),
            assistant.id(),
            statuses(params.path("status").asText("")),
            after == null ? null : after.run(),
            size);
    var found = runs.list(assistant.projectId(), wanted).stream().map(RunHandle::state).toList();
    var shown =
        params.path("includeArtifacts").asBoolean(false)
            ? showTask.whole(dialect, found, historyLength(params))
            : found.stream().map(run -> ShowTask.bare(dialect, run)).toList();
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
      throw ReceivedMessage.unknownContext();
    }
  }

  private static List<RunStatus> statuses(String state) {
    if (state.isEmpty() || state.equals("TASK_STATE_UNSPECIFIED")) {
      return List.of();
    }
    for (var known : TaskState.values()) {
      if (known.wire(Dialect.V1).equals(state)) {
        return known.statuses();
      }
    }
    throw A2aError.invalid("status", "Expected the state of a task.");
  }

  private RunHandle begin(Assistant assistant, Dialect dialect, JsonNode params) {
    var message = ReceivedMessage.read(dialect, params.path("message"));
    var configuration = params.path("configuration");
    requireOutput(configuration.path("acceptedOutputModes"));
    historyLength(configuration);
    if (configuration.hasNonNull("pushNotificationConfig")
        || configuration.hasNonNull("taskPushNotificationConfig")) {
      throw A2aError.noPushNotifications();
    }
    return message.task() == null ? start(assistant, message) : goOn(assistant, message);
  }

  /** A message without a task begins one, and only one, however often it is sent. */
  private RunHandle start(Assistant assistant, ReceivedMessage message) {
    if (message.content().isEmpty()) {
      throw A2aError.invalid(
          "message.taskId", "Outputs of tool calls need the task that waits for them.");
    }
    var content = message.content();
    CreateMessage said;
    try {
      said = new CreateMessage(CreateMessage.Role.USER, content, null, null, null);
    } catch (ApiException e) {
      throw A2aError.invalid("message.parts", e.error().message());
    }
    var asked = message.context() + "/" + Json.write(content);
    // Clients that count their messages from one use an id again: for something else it is new.
    var key = "a2a/" + message.id() + "/" + RequestKeys.digest(asked);
    var metadata = new Metadata(Map.of("protocol", "a2a", "a2a_message_id", message.id()));
    try {
      return keys.once(
          new RequestKeys.Keyed(assistant.projectId(), assistant.id(), key, asked),
          alongside ->
              runs.start(
                  assistant.projectId(),
                  assistant.id(),
                  message.context(),
                  said,
                  metadata,
                  alongside));
    } catch (ApiException e) {
      throw e.httpStatus() == 404 && message.context() != null
          ? ReceivedMessage.unknownContext()
          : e;
    }
  }

  /** A message with a task gives it the input that it waits for. */
  private RunHandle goOn(Assistant assistant, ReceivedMessage message) {
    var task = now(assistant, message.task()).state();
    if (message.context() != null && !message.context().equals(task.thread())) {
      throw A2aError.invalid("message.contextId", "The task belongs to another context.");
    }
    if (task.status().isTerminal()) {
      throw A2aError.unsupported(
          "The task has ended. Send the message with its contextId alone to begin another.");
    }
    if (task.status() != RunStatus.REQUIRES_ACTION) {
      throw A2aError.unsupported(
          "The task does not wait for input. Send the message with its contextId alone, and it is"
              + " answered next.");
    }
    return runs.submit(assistant.projectId(), task.thread(), task.id(), outputs(task, message));
  }

  private static Map<String, String> outputs(RunState task, ReceivedMessage message) {
    if (!message.outputs().isEmpty()) {
      return message.outputs();
    }
    if (task.open().size() != 1) {
      throw A2aError.invalid(
          "message.parts",
          "The task waits for %d results: send a data part with 'tool_outputs'."
              .formatted(task.open().size()));
    }
    var outputs = new LinkedHashMap<String, String>();
    outputs.put(task.open().getFirst().id(), message.text());
    return outputs;
  }

  private RunHandle asked(Assistant assistant, JsonNode params) {
    return now(
        assistant, TaskId.parse(params.path("id").asText("")).orElseThrow(A2aError::taskNotFound));
  }

  /** The task as it is now. Tasks of other assistants do not exist here. */
  private RunHandle now(Assistant assistant, TaskId task) {
    return runs.find(assistant.projectId(), task.thread(), task.run())
        .filter(run -> run.state().assistant().equals(assistant.id()))
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
