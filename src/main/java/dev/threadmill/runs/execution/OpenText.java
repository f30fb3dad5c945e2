package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.DeltaTarget;

/** A text that the model is still writing. */
final class OpenText {
  private final DeltaTarget target;
  private final StringBuilder text = new StringBuilder();

  OpenText(DeltaTarget target) {
    this.target = target;
  }

  /** What deltas of this text name. */
  DeltaTarget target() {
    return target;
  }

  void append(String piece) {
    text.append(piece);
  }

  /** The number of code points. */
  int codePoints() {
    return text.codePointCount(0, text.length());
  }

  boolean isEmpty() {
    return text.isEmpty();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
