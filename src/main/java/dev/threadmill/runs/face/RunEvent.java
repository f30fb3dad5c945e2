package dev.threadmill.runs.face;

/** What happens in a run, for protocols that tell of it in words of their own. */
public sealed interface RunEvent {
  /** The run has come to this state. */
  record Now(RunState state) implements RunEvent {}

  /** The assistant begins to say something. */
  record Began(String messageId) implements RunEvent {}

  /** The assistant says more. */
  record Said(String messageId, String text) implements RunEvent {}

  /**
   * A message of the assistant has ended.
   *
   * @param text all of it
   * @param complete false if it was cut off
   */
  record Ended(String messageId, String text, boolean complete) implements RunEvent {}
}
