package dev.threadmill.runs.api;

/** A change of a run, for front doors that encode it in their own form. */
public sealed interface RunUpdate {
  /** The run changed its status. */
  record StatusChanged(RunSnapshot snapshot) implements RunUpdate {}

  /** A message of the assistant starts. */
  record MessageStarted(String messageId) implements RunUpdate {}

  /** A message of the assistant continues. */
  record TextDelta(String messageId, String text) implements RunUpdate {}

  /**
   * A message of the assistant ended.
   *
   * @param text its whole text
   * @param complete false if it was cut off
   */
  record MessageEnded(String messageId, String text, boolean complete) implements RunUpdate {}
}
