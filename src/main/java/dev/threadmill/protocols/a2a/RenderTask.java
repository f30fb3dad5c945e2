package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageTexts;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Renders runs as tasks: the thread is the context, each message of the assistant an artifact, and
 * the pending tool calls are the message of the status.
 */
@ApplicationScoped
class RenderTask {
  private static final int MAX_HISTORY = 100;

  private final MessageTexts texts;

  private final InstantSource clock;

  RenderTask(MessageTexts texts, InstantSource clock) {
    this.texts = texts;
    this.clock = clock;
  }

  /**
   * The task with its artifacts.
   *
   * @param historyLength how many of the newest messages to include
   */
  ObjectNode withArtifacts(A2aVersion dialect, RunSnapshot run, int historyLength) {
    return withArtifacts(dialect, List.of(run), historyLength).getFirst();
  }

  /**
   * Tasks of one thread with their artifacts: the first of these runs, as many as fit the size of a
   * response, and at least one.
   */
  List<ObjectNode> withArtifacts(A2aVersion dialect, List<RunSnapshot> runs, int historyLength) {
    if (runs.isEmpty()) {
      return List.of();
    }
    var thread = runs.getFirst().thread();
    var since =
        runs.stream().map(RunSnapshot::created).min(Comparator.naturalOrder()).orElseThrow();
    var artifacts = texts.ofRuns(thread, runs.stream().map(RunSnapshot::id).toList(), since);
    int complete =
        artifacts.isComplete() ? runs.size() : Math.max(1, artifacts.messages().getLast().index());
    var shown = runs.subList(0, complete);
    var tasks = shown.stream().map(run -> withoutArtifacts(dialect, run)).toList();
    for (var message : artifacts.messages()) {
      if (message.index() < complete && !message.text().isEmpty()) {
        tasks
            .get(message.index())
            .withArray("/artifacts")
            .add(artifact(dialect, message.id().value(), message.text()));
      }
    }
    if (historyLength > 0) {
      addHistory(dialect, shown, tasks, Math.min(historyLength, MAX_HISTORY));
    }
    return tasks;
  }

  private void addHistory(
      A2aVersion dialect, List<RunSnapshot> runs, List<ObjectNode> tasks, int length) {
    var until = runs.stream().map(this::end).toList();
    for (var message : texts.newest(runs.getFirst().thread(), until, length).messages()) {
      if (!message.text().isEmpty()) {
        var role = message.role() == Message.Role.USER ? dialect.user() : dialect.agent();
        var parts = List.of(dialect.text(message.text()));
        tasks
            .get(message.index())
            .withArray("/history")
            .add(message(dialect, runs.get(message.index()), message.id().value(), role, parts));
      }
    }
  }

  /** The end of a run is known to the second only; runs of a thread do not overlap. */
  private Instant end(RunSnapshot run) {
    return run.status().isTerminal()
        ? run.statusSince().plusSeconds(1)
        : clock.instant().plus(1, ChronoUnit.DAYS);
  }

  /** The task without artifacts and history. */
  static ObjectNode withoutArtifacts(A2aVersion dialect, RunSnapshot run) {
    var task =
        dialect
            .object("task")
            .put("id", TaskId.of(run).toString())
            .put("contextId", run.thread().value());
    task.set("status", status(dialect, run));
    return task;
  }

  /** The status of the task, with its reason. */
  static ObjectNode status(A2aVersion dialect, RunSnapshot run) {
    var status = Json.MAPPER.createObjectNode().put("state", TaskState.of(run).wire(dialect));
    var why = statusText(run);
    if (why != null) {
      var parts = new ArrayList<ObjectNode>();
      parts.add(dialect.text(why));
      if (!run.pendingCalls().isEmpty()) {
        parts.add(dialect.data(openCalls(run)));
      }
      status.set(
          "message",
          message(dialect, run, run.id() + "-" + run.status().wire(), dialect.agent(), parts));
    }
    return status.put("timestamp", run.statusSince().truncatedTo(ChronoUnit.MILLIS).toString());
  }

  private static ObjectNode openCalls(RunSnapshot run) {
    var data = Json.MAPPER.createObjectNode();
    var calls = data.putArray("tool_calls");
    for (var call : run.pendingCalls()) {
      calls
          .addObject()
          .put("id", call.id())
          .put("name", call.name())
          .put("arguments", call.arguments())
          .put("approval", call.approval());
    }
    return data;
  }

  private static String statusText(RunSnapshot run) {
    return switch (run.status()) {
      case QUEUED, IN_PROGRESS, CANCELLING, COMPLETED -> null;
      case REQUIRES_ACTION ->
          "The agent waits for: "
              + run.pendingCalls().stream()
                  .map(RunSnapshot.PendingCall::name)
                  .collect(Collectors.joining(", "))
              + ".";
      case FAILED -> run.error() == null ? "The run failed." : run.error().message();
      case EXPIRED -> "The run expired before it ended.";
      case INCOMPLETE -> "The answer was cut off: %s.".formatted(run.incompleteReason());
      case CANCELLED -> "The run was cancelled.";
    };
  }

  private static ObjectNode message(
      A2aVersion dialect, RunSnapshot run, String id, String role, List<ObjectNode> parts) {
    var message = dialect.object("message").put("messageId", id).put("role", role);
    message.putArray("parts").addAll(parts);
    return message.put("taskId", TaskId.of(run).toString()).put("contextId", run.thread().value());
  }

  /** A message of the assistant, or a part of one. */
  static ObjectNode artifact(A2aVersion dialect, String message, String text) {
    var artifact = Json.MAPPER.createObjectNode().put("artifactId", message).put("name", "answer");
    artifact.putArray("parts").add(dialect.text(text));
    return artifact;
  }
}
