package dev.threadmill.runs.execution;

import dev.threadmill.api.Metadata;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The messages that runs write to threads, in each of their states. */
public final class AssistantMessages {
  /** The error of a step whose node failed. */
  public static final String INTERRUPTED =
      "The server that executed this step stopped. The run continued with a new step.";

  private AssistantMessages() {}

  /** The message of a step that has just started. */
  static Message inProgress(Run run, Step step) {
    return message(run, step, Message.State.IN_PROGRESS, List.of());
  }

  /** The complete message of a step. */
  public static Message completed(Run run, Step step, List<ContentPart> content, Instant at) {
    return message(run, step, Message.State.completed(at), content);
  }

  /**
   * A message that stays incomplete because of how its run ended.
   *
   * @param isFilteredByProvider whether the provider's content filter ended the answer
   */
  public static Message incomplete(
      Run run, Step step, List<ContentPart> content, boolean isFilteredByProvider, Instant at) {
    var reason =
        isFilteredByProvider
            ? "content_filter"
            : switch (run.status()) {
              case CANCELLED -> "run_cancelled";
              case EXPIRED -> "run_expired";
              case INCOMPLETE -> "max_tokens";
              case FAILED, QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING, COMPLETED ->
                  "run_failed";
            };
    return message(run, step, Message.State.incomplete(reason, at), content);
  }

  /** A message that stays incomplete because its node failed. The texts may be empty. */
  public static Message interrupted(
      Run run, Step step, String text, List<Annotation> annotations, String refusal, Instant at) {
    var content = new ArrayList<ContentPart>();
    if (!text.isEmpty()) {
      content.add(ContentPart.text(text, annotations));
    }
    if (!refusal.isEmpty()) {
      content.add(ContentPart.refusal(refusal));
    }
    return message(run, step, Message.State.incomplete("run_failed", at), content);
  }

  /** As {@link #interrupted}, for a message of which nothing was stored. */
  public static Message interruptedBeforeCommit(Run run, Step step) {
    return interrupted(run, step, "", List.of(), "", step.createdAt());
  }

  /** The output of a tool call whose run ends before the call has one. */
  public static String outputOfUnfinishedCall(Run.End end) {
    return switch (end.status()) {
      case CANCELLED -> "The run was cancelled before this call had a result.";
      case EXPIRED -> "The run expired before this call had a result.";
      case FAILED, INCOMPLETE, COMPLETED, QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING ->
          "The run ended before this call had a result.";
    };
  }

  private static Message message(
      Run run, Step step, Message.State state, List<ContentPart> content) {
    return new Message(
        step.threadId(),
        step.messageId(),
        step.createdAt(),
        state,
        Message.Role.ASSISTANT,
        content,
        null,
        Metadata.EMPTY,
        step.assistantId(),
        run.id(),
        TokenCounter.count(ContentPart.textOf(content)));
  }
}
