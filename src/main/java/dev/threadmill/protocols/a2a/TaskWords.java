package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.runs.face.RunEvent;
import dev.threadmill.runs.face.RunState;
import dev.threadmill.runs.face.RunWords;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Tells a stream of what happens in a task: first of the task as it is, then of each change. What
 * the assistant says comes as pieces of an artifact, the last of which is marked.
 */
final class TaskWords implements RunWords {
  private final Dialect dialect;
  private final JsonNode requestId;
  private final boolean untilPause;
  private RunState task;
  private boolean isTaskTold;
  private TaskState told;
  private String message;
  private boolean isMessageWhole;
  private int said;

  /**
   * @param task as it is told of first
   * @param isResumed whether the client has been told of the task before
   * @param untilPause whether the stream ends when the task needs input
   */
  TaskWords(
      Dialect dialect, JsonNode requestId, RunState task, boolean isResumed, boolean untilPause) {
    this.dialect = dialect;
    this.requestId = requestId;
    this.task = task;
    this.isTaskTold = isResumed;
    this.untilPause = untilPause;
  }

  @Override
  public byte[] of(String id, RunEvent event) {
    var frames = new ByteArrayOutputStream();
    if (!isTaskTold) {
      isTaskTold = true;
      told = TaskState.of(task);
      write(frames, null, dialect.oneOf("task", ShowTask.bare(dialect, task)));
    }
    switch (event) {
      case RunEvent.Now(var now) -> {
        task = now;
        var state = TaskState.of(now);
        // What is told again from its beginning does not fall back behind what was said first.
        if (state != told && (told == null || state != TaskState.SUBMITTED)) {
          told = state;
          write(frames, id, statusUpdate(now, state));
        }
      }
      case RunEvent.Began(var begun) -> {
        message = begun;
        isMessageWhole = true;
        said = 0;
      }
      case RunEvent.Said(var of, var text) -> {
        write(frames, id, artifactUpdate(of, text, isNext(of), false));
        message = of;
        said += text.length();
      }
      case RunEvent.Ended(var of, var all, _) -> {
        var rest =
            isMessageWhole && of.equals(message) ? all.substring(Math.min(said, all.length())) : "";
        if (!all.isEmpty()) {
          write(frames, id, artifactUpdate(of, rest, isNext(of), true));
        }
        message = null;
      }
    }
    return frames.size() == 0 ? null : frames.toByteArray();
  }

  /** Whether the client has a piece of the message already. */
  private boolean isNext(String of) {
    return !of.equals(message) || !isMessageWhole || said > 0;
  }

  private JsonNode statusUpdate(RunState now, TaskState state) {
    var update = update("status-update", now);
    update.set("status", ShowTask.status(dialect, now));
    if (dialect == Dialect.V03) {
      update.put("final", state.isTerminal() || (untilPause && state == TaskState.INPUT_REQUIRED));
    }
    return dialect.oneOf("statusUpdate", update);
  }

  private JsonNode artifactUpdate(String of, String text, boolean isMore, boolean isLast) {
    var update = update("artifact-update", task);
    update.set("artifact", ShowTask.artifact(dialect, of, text));
    return dialect.oneOf("artifactUpdate", update.put("append", isMore).put("lastChunk", isLast));
  }

  private ObjectNode update(String kind, RunState of) {
    return dialect
        .object(kind)
        .put("taskId", TaskId.of(of).toString())
        .put("contextId", of.thread().value());
  }

  private void write(ByteArrayOutputStream frames, String id, JsonNode result) {
    var answer = Json.MAPPER.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", requestId);
    answer.set("result", result);
    var frame = (id == null ? "" : "id: " + id + "\n") + "data: " + answer + "\n\n";
    frames.writeBytes(frame.getBytes(StandardCharsets.UTF_8));
  }
}
