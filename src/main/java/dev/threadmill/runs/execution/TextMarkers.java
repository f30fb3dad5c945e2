package dev.threadmill.runs.execution;

import dev.threadmill.tools.code.LinkedFiles;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds markers such as {@code 【4:0†source】}, links such as {@code sandbox:/mnt/data/a.csv} and, if
 * they are wanted, addresses of the web in a text that arrives in pieces. A piece that may be the
 * beginning of one is held back until it is known whether it is, so none is divided.
 */
final class TextMarkers {
  private static final char START = '\u3010';
  private static final char END = '\u3011';
  private static final int MAX_LENGTH = 200;
  private static final List<String> LINKS = List.of(LinkedFiles.PREFIX);
  private static final List<String> LINKS_AND_URLS =
      List.of(LinkedFiles.PREFIX, "https://", "http://");
  private static final int MAX_LINK = 2_000;
  private static final String ENDS_LINK = ")]}>\"'`|<[{(";
  private static final String ENDS_URL = "]}>\"'`|<[{";

  private final List<String> prefixes;
  private final Consumer<String> text;
  private final Consumer<String> marker;
  private final StringBuilder held = new StringBuilder();
  private char last;

  /**
   * @param urls whether addresses of the web are links
   * @param text receives text between markers
   * @param marker receives whole markers and links
   */
  TextMarkers(boolean urls, Consumer<String> text, Consumer<String> marker) {
    this.prefixes = urls ? LINKS_AND_URLS : LINKS;
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
      if (c == START || mayBeLink(start)) {
        return start;
      }
      start++;
    }
    return start;
  }

  private boolean mayBeLink(int start) {
    for (var prefix : prefixes) {
      if (prefix.charAt(0) == held.charAt(start) && agrees(prefix, start)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the text from here is the prefix, or its beginning. */
  private boolean agrees(String prefix, int start) {
    int length = Math.min(prefix.length(), held.length() - start);
    for (int i = 1; i < length; i++) {
      if (held.charAt(start + i) != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The prefix that stands here; null if the text ends within it. */
  private String prefixAt(int start) {
    for (var prefix : prefixes) {
      if (held.length() - start >= prefix.length() && held.indexOf(prefix, start) == start) {
        return prefix;
      }
    }
    return null;
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
    var prefix = prefixAt(start);
    if (prefix == null) {
      return -1;
    }
    int end =
        prefix.equals(LinkedFiles.PREFIX) ? endOfLink(start) : endOfUrl(start + prefix.length());
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
    for (int i = start + LinkedFiles.PREFIX.length(); i < held.length(); i++) {
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

  /** The index behind an address; -1 if it may go on. It may have pairs of parentheses. */
  private int endOfUrl(int from) {
    int open = 0;
    for (int i = from; i < held.length(); i++) {
      char c = held.charAt(i);
      if (c == '(') {
        open++;
      } else if (c == ')' && open > 0) {
        open--;
      } else if (c == ')' || c == START || Character.isWhitespace(c) || ENDS_URL.indexOf(c) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** The text ends: what was held back is a link, or text. */
  void end() {
    emit(held.length() > 0 && prefixAt(0) != null ? marker : text, 0, held.length());
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
