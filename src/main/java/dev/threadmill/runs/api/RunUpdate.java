package dev.threadmill.runs.api;

import dev.threadmill.models.ReasoningState;
import dev.threadmill.threads.Annotation;

/**
 * A change of a run, for front doors that encode it in their own form.
 *
 * <p>Items start in the order of their indexes. A message has {@link ItemStarted}, {@link
 * ItemDelta} of its text, {@link ItemEnded}; so have reasoning and commentary. A call has {@link
 * ItemStarted}, deltas of its arguments, {@link CallReady}, deltas of its output and progress, and
 * {@link ItemEnded} with its output. Calls of one answer may overlap. A call of the client is ready
 * before the run requires action, and ends after its output was submitted; one that was cut off
 * before ends without having been ready.
 */
public sealed interface RunUpdate {
  /** The run changed its status. Items that are left open by its end were ended before. */
  record StatusChanged(RunSnapshot snapshot) implements RunUpdate {}

  /**
   * Another attempt continues the run, behind a pause or because the node of the attempt before was
   * lost. What that one has sent and not stored is not in the updates before this one. A stream
   * that begins behind the attempt before has no such update.
   *
   * @param attempt from 2
   */
  record TakenOver(int attempt) implements RunUpdate {}

  /** An item starts; it is empty. */
  record ItemStarted(RunItem item) implements RunUpdate {}

  /** More of a text of an item. */
  record ItemDelta(RunItem.Place item, ItemText text, String piece) implements RunUpdate {}

  /**
   * The text of a message so far has an annotation.
   *
   * @param index of the annotation, from 0
   */
  record AnnotationAdded(RunItem.Place item, int index, Annotation annotation)
      implements RunUpdate {}

  /**
   * The arguments of a call are complete, and so is the list of calls of the answer.
   *
   * @param call without its output
   */
  record CallReady(RunItem.Call call) implements RunUpdate {}

  /**
   * What the provider wants back of the reasoning of a step that called tools.
   *
   * @param item the last reasoning of the step; null if it shows none
   */
  record ReasoningStored(RunItem.Place item, ReasoningState state) implements RunUpdate {}

  /** An item ended; it is whole. */
  record ItemEnded(RunItem item) implements RunUpdate {}

  /** The texts of items that arrive in pieces. */
  enum ItemText {
    /** The text of a message. */
    MESSAGE,
    /** A refusal in a message. */
    REFUSAL,
    REASONING,
    COMMENTARY,
    /** The arguments of a call. */
    ARGUMENTS,
    /** The output of a call that streams it. */
    OUTPUT,
    /** The progress that a tool reports. */
    PROGRESS,
    /** The id of the task that a remote agent works on for a call. */
    REMOTE_TASK
  }
}
