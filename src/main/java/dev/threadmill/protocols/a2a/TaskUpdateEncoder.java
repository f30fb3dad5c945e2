package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.sse.SseFormat;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunUpdate;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.runs.api.RunUpdateEncoder;
import java.io.ByteArrayOutputStream;

/**
 * Encodes the stream of a task: first the task as it is, then each change. Messages of the
 * assistant are artifacts in several parts, the last of which is marked.
 */
final class TaskUpdateEncoder implements RunUpdateEncoder {
  private final A2aVersion dialect;
  private final JsonNode requestId;
  private final boolean untilPause;
  private RunSnapshot task;
  private boolean isTaskSent;
  private TaskState sentState;
  private String message;
  private boolean isMessageFromStart;
  private int sentLength;

  /**
   * @param task as it is sent first
   * @param isResumed whether the client has received the task before
   * @param untilPause whether the stream ends when the task needs input
   */
  TaskUpdateEncoder(
      A2aVersion dialect,
      JsonNode requestId,
      RunSnapshot task,
      boolean isResumed,
      boolean untilPause) {
    this.dialect = dialect;
    this.requestId = requestId;
    this.task = task;
    this.isTaskSent = isResumed;
    this.untilPause = untilPause;
  }

  @Override
  public byte[] encode(String id, RunUpdate event) {
    var frames = new ByteArrayOutputStream();
    if (!isTaskSent) {
      isTaskSent = true;
      sentState = TaskState.of(task);
      write(frames, null, dialect.oneOf("task", RenderTask.withoutArtifacts(dialect, task)));
    }
    switch (event) {
      case RunUpdate.StatusChanged(var now) -> {
        task = now;
        var state = TaskState.of(now);
        // A replay from the start does not go back behind the state that was sent first.
        if (state != sentState && (sentState == null || state != TaskState.SUBMITTED)) {
          sentState = state;
          write(frames, id, statusUpdate(now, state));
        }
      }
      case RunUpdate.ItemStarted(RunItem.Message begun) -> {
        message = begun.place().id();
        isMessageFromStart = true;
        sentLength = 0;
      }
      case RunUpdate.ItemDelta(var item, var kind, var text) when kind == ItemText.MESSAGE -> {
        var of = item.id();
        write(frames, id, artifactUpdate(of, text, isNext(of), false));
        message = of;
        sentLength += text.length();
      }
      case RunUpdate.ItemEnded(RunItem.Message ended) -> {
        var of = ended.place().id();
        var all = ended.text();
        var rest =
            isMessageFromStart && of.equals(message)
                ? all.substring(Math.min(sentLength, all.length()))
                : "";
        if (!all.isEmpty()) {
          write(frames, id, artifactUpdate(of, rest, isNext(of), true));
        }
        message = null;
      }
      case RunUpdate.ItemStarted _,
          RunUpdate.ItemDelta _,
          RunUpdate.CallReady _,
          RunUpdate.AnnotationAdded _,
          RunUpdate.TakenOver _,
          RunUpdate.ReasoningStored _,
          RunUpdate.ItemEnded _ -> {
        // A task shows messages only.
      }
    }
    return frames.size() == 0 ? null : frames.toByteArray();
  }

  /** Whether the client has received a part of the message already. */
  private boolean isNext(String of) {
    return !of.equals(message) || !isMessageFromStart || sentLength > 0;
  }

  private JsonNode statusUpdate(RunSnapshot now, TaskState state) {
    var update = update("status-update", now);
    update.set("status", RenderTask.status(dialect, now));
    if (dialect == A2aVersion.V03) {
      update.put("final", state.isTerminal() || (untilPause && state == TaskState.INPUT_REQUIRED));
    }
    return dialect.oneOf("statusUpdate", update);
  }

  private JsonNode artifactUpdate(String of, String text, boolean isMore, boolean isLast) {
    var update = update("artifact-update", task);
    update.set("artifact", RenderTask.artifact(dialect, of, text));
    return dialect.oneOf("artifactUpdate", update.put("append", isMore).put("lastChunk", isLast));
  }

  private ObjectNode update(String kind, RunSnapshot of) {
    return dialect
        .object(kind)
        .put("taskId", TaskId.of(of).toString())
        .put("contextId", of.thread().value());
  }

  private void write(ByteArrayOutputStream frames, String id, JsonNode result) {
    var answer = Json.MAPPER.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", requestId);
    answer.set("result", result);
    frames.writeBytes(SseFormat.event(id, null, answer.toString()));
  }
}
