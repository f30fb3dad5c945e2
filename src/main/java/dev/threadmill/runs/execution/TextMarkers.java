package dev.threadmill.runs.execution;

import dev.threadmill.tools.code.LinkedFiles;
import java.util.function.Consumer;

/**
 * Finds markers such as {@code 【4:0†source】} and links such as {@code sandbox:/mnt/data/a.csv} in a
 * text that arrives in pieces. A piece that may be the beginning of one is held back until it is
 * known whether it is, so none is divided.
 */
final class TextMarkers {
  private static final char START = '\u3010';
  private static final char END = '\u3011';
  private static final int MAX_LENGTH = 200;
  private static final String LINK = LinkedFiles.PREFIX;
  private static final int MAX_LINK = 1_000;
  private static final String ENDS_LINK = ")]}>\"'`|<[{(";

  private final Consumer<String> text;
  private final Consumer<String> marker;
  private final StringBuilder held = new StringBuilder();
  private char last;

  /**
   * @param text receives text between markers
   * @param marker receives whole markers and links
   */
  TextMarkers(Consumer<String> text, Consumer<String> marker) {
    this.text = text;
    this.marker = marker;
  }

  /** Adds the next piece. */
  void accept(String piece) {
    held.append(piece);
    int from = 0;
    while (from < held.length()) {
      int start = start(from);
      emit(text, from, start);
      if (start == held.length()) {
        from = start;
        break;
      }
      int next = held.charAt(start) == START ? passMarker(start) : passLink(start);
      if (next < 0) {
        from = start;
        break;
      }
      from = next;
    }
    held.delete(0, from);
  }

  /** The index of the next marker or link, or of what may be its beginning; else the length. */
  private int start(int from) {
    int start = from;
    while (start < held.length()) {
      char c = held.charAt(start);
      if (c == START || c == LINK.charAt(0) && mayBeLink(start)) {
        return start;
      }
      start++;
    }
    return start;
  }

  private boolean mayBeLink(int start) {
    int length = Math.min(LINK.length(), held.length() - start);
    for (int i = 1; i < length; i++) {
      if (held.charAt(start + i) != LINK.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Passes a marker on, or what only looks like one. Returns where to go on; -1 to wait. */
  private int passMarker(int start) {
    int end = held.indexOf(String.valueOf(END), start);
    int nested = held.indexOf(String.valueOf(START), start + 1);
    if (nested >= 0 && (end < 0 || nested < end)) {
      return emit(text, start, nested);
    }
    if (end >= 0 && end - start < MAX_LENGTH) {
      return emit(marker, start, end + 1);
    }
    if (end >= 0 || held.length() - start >= MAX_LENGTH) {
      return emit(text, start, end >= 0 ? end + 1 : held.length());
    }
    return -1;
  }

  /** Passes a link on. Returns where to go on; -1 to wait. */
  private int passLink(int start) {
    if (held.length() - start < LINK.length()) {
      return -1;
    }
    int end = endOfLink(start);
    if (end >= 0) {
      return emit(marker, start, end);
    }
    return held.length() - start >= MAX_LINK ? emit(text, start, held.length()) : -1;
  }

  /**
   * The index behind a link; -1 if it may go on. In parentheses, as in Markdown, a path may have
   * blanks and pairs of parentheses.
   */
  private int endOfLink(int start) {
    boolean isEnclosed = (start == 0 ? last : held.charAt(start - 1)) == '(';
    int open = 0;
    for (int i = start + LINK.length(); i < held.length(); i++) {
      char c = held.charAt(i);
      if (isEnclosed && c == '(') {
        open++;
      } else if (isEnclosed && c == ')' && open > 0) {
        open--;
      } else if (c == '\n'
          || isEnclosed && c == ')'
          || !isEnclosed && (Character.isWhitespace(c) || ENDS_LINK.indexOf(c) >= 0)) {
        return i;
      }
    }
    return -1;
  }

  /** The text ends: what was held back is a link, or text. */
  void end() {
    emit(held.indexOf(LINK) == 0 ? marker : text, 0, held.length());
    held.setLength(0);
  }

  private int emit(Consumer<String> consumer, int from, int to) {
    if (from < to) {
      last = held.charAt(to - 1);
      consumer.accept(held.substring(from, to));
    }
    return to;
  }
}
