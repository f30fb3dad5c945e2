package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.threads.MessageObject;
import dev.threadmill.threads.ToolMessageHandler;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/** Submits a message of role {@code tool} as the output of the call that the thread waits for. */
@ApplicationScoped
class SubmitToolMessage implements ToolMessageHandler {
  private final RunStore runs;
  private final SubmitToolOutputs submitToolOutputs;
  private final Ids ids;
  private final InstantSource clock;

  SubmitToolMessage(
      RunStore runs, SubmitToolOutputs submitToolOutputs, Ids ids, InstantSource clock) {
    this.runs = runs;
    this.submitToolOutputs = submitToolOutputs;
    this.ids = ids;
    this.clock = clock;
  }

  @Override
  public MessageObject submit(ProjectId project, ThreadId thread, ToolCallId call, String output) {
    var waiting =
        runs.waitingFor(project, thread, call)
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
