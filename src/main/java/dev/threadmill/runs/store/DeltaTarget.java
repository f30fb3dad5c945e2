package dev.threadmill.runs.store;

/**
 * The text that a delta continues.
 *
 * @param step the ordinal of the step
 * @param call the index of the tool call in the step; for a refusal the index of its part in the
 *     message; 0 for any other text
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

  /**
   * The refusal in the message of a step.
   *
   * @param part its index in the content of the message
   */
  public static DeltaTarget ofRefusal(Step step, int part) {
    return new DeltaTarget(StreamedText.REFUSAL, step.ordinal(), part);
  }

  /**
   * The text of a code.
   *
   * @param place behind the step in the code; null for none
   * @return null if there is no text of that kind
   */
  static DeltaTarget ofCode(char kind, int step, Integer place) {
    var text = StreamedText.ofCode(kind);
    if (text == StreamedText.MESSAGE && place != null) {
      return new DeltaTarget(StreamedText.REFUSAL, step, place - 1);
    }
    return text == null ? null : new DeltaTarget(text, step, place == null ? 0 : place);
  }

  /** The same text in another step. */
  public DeltaTarget inStep(int ordinal) {
    return new DeltaTarget(text, ordinal, call);
  }

  /**
   * Its code in the event log: {@code d2} for the message of step 2, {@code d2.1} for a refusal
   * that is its first part, {@code c3.0} for arguments.
   */
  String code() {
    var ofStep = text.code() + "" + step;
    if (text == StreamedText.REFUSAL) {
      return ofStep + "." + (call + 1);
    }
    return text.scope() == StreamedText.Scope.CALL ? ofStep + "." + call : ofStep;
  }
}
