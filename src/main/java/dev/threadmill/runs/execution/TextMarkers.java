package dev.threadmill.runs.execution;

import java.util.function.Consumer;

/**
 * Finds markers such as {@code 【4:0†source】} in a text that arrives in pieces. A piece that may be
 * the beginning of a marker is held back until it is known whether it is, so no marker is divided.
 */
final class TextMarkers {
  private static final char START = '\u3010';
  private static final char END = '\u3011';
  private static final int MAX_LENGTH = 200;

  private final Consumer<String> text;
  private final Consumer<String> marker;
  private final StringBuilder held = new StringBuilder();

  /**
   * @param text receives text between markers
   * @param marker receives whole markers
   */
  TextMarkers(Consumer<String> text, Consumer<String> marker) {
    this.text = text;
    this.marker = marker;
  }

  /** Adds the next piece. */
  void accept(String piece) {
    held.append(piece);
    int from = 0;
    while (true) {
      int start = held.indexOf(String.valueOf(START), from);
      if (start < 0) {
        emit(text, from, held.length());
        held.setLength(0);
        return;
      }
      emit(text, from, start);
      int end = held.indexOf(String.valueOf(END), start);
      int nested = held.indexOf(String.valueOf(START), start + 1);
      if (nested >= 0 && (end < 0 || nested < end)) {
        emit(text, start, nested);
        from = nested;
      } else if (end >= 0 && end - start < MAX_LENGTH) {
        emit(marker, start, end + 1);
        from = end + 1;
      } else if (end >= 0 || held.length() - start >= MAX_LENGTH) {
        int until = end >= 0 ? end + 1 : held.length();
        emit(text, start, until);
        from = until;
      } else {
        held.delete(0, start);
        return;
      }
    }
  }

  /** The text ends: what was held back is text. */
  void end() {
    emit(text, 0, held.length());
    held.setLength(0);
  }

  private void emit(Consumer<String> consumer, int from, int to) {
    if (from < to) {
      consumer.accept(held.substring(from, to));
    }
  }
}
