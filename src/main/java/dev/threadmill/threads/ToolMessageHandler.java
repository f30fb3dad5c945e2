package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Handles messages of role {@code tool}, each of which is the output of a tool call that a run of
 * the thread waits for. Implemented by the feature that executes runs.
 */
public interface ToolMessageHandler {
  /**
   * Submits the output.
   *
   * @return the response, made by {@link MessageObject#toolResult}
   * @throws ApiException 400 if no run waits for this call, 404 if there is no such thread
   */
  MessageObject submit(ProjectId project, ThreadId thread, ToolCallId call, String output);

  /** Used where no feature executes runs: no call waits for an output. */
  @ApplicationScoped
  @DefaultBean
  class NoWaitingRuns implements ToolMessageHandler {
    @Override
    public MessageObject submit(
        ProjectId project, ThreadId thread, ToolCallId call, String output) {
      throw ApiException.invalidState(
          "No run of %s waits for an output of tool call %s.".formatted(thread, call));
    }
  }
}
