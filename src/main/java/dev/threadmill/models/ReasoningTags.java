package dev.threadmill.models;

/** How a model marks reasoning that it writes into its text. */
public enum ReasoningTags {
  /** Between {@code <think>} and {@code </think>} at the beginning of the text, if at all. */
  AUTO,
  /** The text begins with reasoning, which ends at {@code </think>}: the template opened it. */
  OPENED,
  /** Tags are text. */
  NONE
}
