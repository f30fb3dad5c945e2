package dev.threadmill.models.response;

/** Follows JSON text that arrives piece by piece, to know when a value is complete. */
final class JsonExtent {
  private int depth;
  private boolean isStarted;
  private boolean isInString;
  private boolean isEscaped;

  void accept(String piece) {
    for (int i = 0; i < piece.length(); i++) {
      accept(piece.charAt(i));
    }
  }

  private void accept(char c) {
    if (isInString) {
      isInString = isEscaped || c != '"';
      isEscaped = !isEscaped && c == '\\';
      return;
    }
    switch (c) {
      case '"' -> isInString = true;
      case '{', '[' -> {
        depth++;
        isStarted = true;
      }
      case '}', ']' -> depth--;
      default -> {}
    }
  }

  /** Whether an object or an array has begun and ended. */
  boolean isComplete() {
    return isStarted && depth <= 0 && !isInString;
  }
}
