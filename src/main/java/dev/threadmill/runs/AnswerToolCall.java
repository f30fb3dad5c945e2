package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.threads.MessageObject;
import dev.threadmill.threads.ToolMessageHandler;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/**
 * Takes a message of role {@code tool} for the result of a call that the thread's run waits for.
 */
@ApplicationScoped
class AnswerToolCall implements ToolMessageHandler {
  private final Jdbc jdbc;
  private final SubmitToolOutputs submitToolOutputs;
  private final Ids ids;
  private final InstantSource clock;

  AnswerToolCall(Jdbc jdbc, SubmitToolOutputs submitToolOutputs, Ids ids, InstantSource clock) {
    this.jdbc = jdbc;
    this.submitToolOutputs = submitToolOutputs;
    this.ids = ids;
    this.clock = clock;
  }

  private record Waiting(RunId run, AssistantId assistant) {}

  @Override
  public MessageObject submit(ProjectId project, ThreadId thread, ToolCallId call, String output) {
    var waiting =
        jdbc.one(
                """
                SELECT r.id, r.assistant_id
                FROM tool_calls c JOIN runs r ON r.thread_id = c.thread_id AND r.id = c.run_id
                WHERE c.thread_id = ? AND c.id = ? AND c.project_id = ?
                  AND c.output IS NULL AND r.status = 'requires_action'
                """,
                row ->
                    new Waiting(
                        row.text("id", RunId::new), row.text("assistant_id", AssistantId::new)),
                thread,
                call,
                project)
            .orElseThrow(
                () ->
                    ApiException.invalidState(
                        "No run of %s waits for an output of tool call %s."
                            .formatted(thread, call)));
    var message = ids.message();
    var stored = submitToolOutputs.submitOne(project, thread, waiting.run(), call, output);
    return MessageObject.toolResult(
        message, thread, waiting.run(), waiting.assistant(), call, stored, clock.instant());
  }
}
