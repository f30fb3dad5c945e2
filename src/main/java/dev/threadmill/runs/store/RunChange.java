package dev.threadmill.runs.store;

/**
 * A change of a run that is part of the current transaction.
 *
 * @param run as it is after the change
 */
public record RunChange(Kind kind, Run run) {
  /** The kind of the change. */
  public enum Kind {
    CREATED,
    /** The previous run of its thread has ended: it may be claimed. */
    PROMOTED,
    /** A node has claimed it to execute it. */
    CLAIMED,
    /** Its client submitted what it waited for, and it waits for a node. */
    RESUMED,
    /** A step, or the results of tool calls, were committed. */
    STEP_COMMITTED,
    /** It waits for its client or for other runs. */
    PAUSED,
    CANCEL_REQUESTED,
    METADATA_CHANGED,
    ENDED
  }
}
