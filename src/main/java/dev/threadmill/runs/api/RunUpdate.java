package dev.threadmill.runs.api;

/** What happens in a run, for protocols that tell of it in words of their own. */
public sealed interface RunUpdate {
  /** The run has come to this state. */
  record StatusChanged(RunSnapshot snapshot) implements RunUpdate {}

  /** The assistant begins to say something. */
  record MessageStarted(String messageId) implements RunUpdate {}

  /** The assistant says more. */
  record TextDelta(String messageId, String text) implements RunUpdate {}

  /**
   * A message of the assistant has ended.
   *
   * @param text all of it
   * @param complete false if it was cut off
   */
  record MessageEnded(String messageId, String text, boolean complete) implements RunUpdate {}
}
