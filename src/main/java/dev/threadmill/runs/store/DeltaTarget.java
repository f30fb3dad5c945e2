package dev.threadmill.runs.store;

/**
 * The text that a delta continues.
 *
 * @param step the ordinal of the step
 * @param call the index of the tool call in the step; 0 for a text that belongs to no call
 */
public record DeltaTarget(StreamedText text, int step, int call) {
  /** The text of a step or of its message. */
  public static DeltaTarget of(StreamedText text, Step step) {
    return new DeltaTarget(text, step.ordinal(), 0);
  }

  /**
   * The text of a tool call.
   *
   * @param call the index of the call in the step
   */
  public static DeltaTarget of(StreamedText text, Step step, int call) {
    return new DeltaTarget(text, step.ordinal(), call);
  }

  /** The same text in another step. */
  public DeltaTarget inStep(int ordinal) {
    return new DeltaTarget(text, ordinal, call);
  }

  /**
   * Its code in the event log: {@code d2} for the message of step 2, {@code c3.0} for arguments.
   */
  String code() {
    return text.scope() == StreamedText.Scope.CALL
        ? text.code() + "" + step + "." + call
        : text.code() + "" + step;
  }
}
