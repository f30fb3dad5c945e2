package dev.threadmill.runs.routing;

import dev.threadmill.runs.store.ChildRunStore.ChildRun;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.tools.ToolError;
import java.util.Optional;

/** The output of a routed call, as it follows from the child run that answers it. */
public final class ChildRunOutput {
  private ChildRunOutput() {}

  /**
   * The output; empty while the child run is active.
   *
   * @param assistant the name of the child's assistant
   */
  public static Optional<String> of(ChildRun child, String assistant) {
    return switch (child.status()) {
      case QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING -> Optional.empty();
      case COMPLETED -> Optional.of(ContentPart.textOf(child.answer()));
      case FAILED ->
          failed(
              "assistant_failed",
              "The assistant '%s' failed: %s"
                  .formatted(assistant, child.error() == null ? "" : child.error().message()));
      case CANCELLED ->
          failed(
              "assistant_cancelled",
              "The assistant '%s' was cancelled before it answered.".formatted(assistant));
      case EXPIRED ->
          failed(
              "assistant_expired",
              "The assistant '%s' did not answer in time.".formatted(assistant));
      case INCOMPLETE ->
          failed(
              "assistant_incomplete",
              "The answer of the assistant '%s' is incomplete (%s): %s"
                  .formatted(
                      assistant, child.incompleteReason(), ContentPart.textOf(child.answer())));
    };
  }

  private static Optional<String> failed(String type, String message) {
    return Optional.of(ToolError.output(type, message));
  }
}
