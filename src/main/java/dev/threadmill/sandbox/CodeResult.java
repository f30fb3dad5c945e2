package dev.threadmill.sandbox;

/**
 * How a call ended.
 *
 * @param output all that the code printed, tracebacks included, shortened in the middle if it is
 *     long; it begins with what the listener received
 * @param note a sentence for the model if something happened to the session; null otherwise
 */
public record CodeResult(Status status, String output, String note) {
  /** How it ended. */
  public enum Status {
    /** The code ran to its end. */
    COMPLETED,
    /** The code raised an exception, which is in the output. */
    RAISED,
    /** The code exceeded its time and was interrupted; variables are kept. */
    INTERRUPTED,
    /** The process ended; variables are lost, files are kept. */
    RESTARTED
  }
}
