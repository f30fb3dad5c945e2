package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.worker.PageContent.Word;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Puts words together to segments, and segments with one baseline to lines. */
final class PageLines {
  private static final float GAP = 1.2f;

  private PageLines() {}

  /** Words of one line without a wide gap between them. */
  record Segment(float x0, float x1, float y, float size, boolean bold, String text, int words) {
    /** A table that was found before; its text is Markdown. */
    static Segment table(float x0, float x1, float y, String markdown) {
      return new Segment(x0, x1, y, 0, false, markdown, 0);
    }

    boolean isTable() {
      return words == 0;
    }
  }

  /** The lines from top to bottom; the segments of a line from left to right. */
  static List<List<Segment>> of(List<Word> words) {
    var sorted = new ArrayList<>(words);
    sorted.sort(Comparator.comparingDouble(Word::y).thenComparingDouble(Word::x0));
    var lines = new ArrayList<List<Segment>>();
    var line = new ArrayList<Word>();
    for (var word : sorted) {
      if (!line.isEmpty()
          && word.y() - line.getFirst().y()
              > 0.4f * Math.min(word.size(), line.getFirst().size())) {
        lines.add(segments(line));
        line.clear();
      }
      line.add(word);
    }
    if (!line.isEmpty()) {
      lines.add(segments(line));
    }
    return lines;
  }

  /** The text of words in reading order. */
  static String text(List<Word> words) {
    var text = new StringBuilder();
    for (var line : of(words)) {
      for (var segment : line) {
        text.append(text.isEmpty() ? "" : " ").append(segment.text());
      }
    }
    return text.toString();
  }

  private static List<Segment> segments(List<Word> line) {
    line.sort(Comparator.comparingDouble(Word::x0));
    var segments = new ArrayList<Segment>();
    var words = new ArrayList<Word>();
    for (var word : line) {
      if (!words.isEmpty()) {
        var last = words.getLast();
        if (word.x0() - last.x1() > GAP * Math.max(last.size(), word.size())) {
          segments.add(segment(words));
          words.clear();
        }
      }
      words.add(word);
    }
    segments.add(segment(words));
    return segments;
  }

  private static Segment segment(List<Word> words) {
    long rightToLeft =
        words.stream().filter(word -> VisualOrder.isRightToLeft(word.text())).count();
    var texts = new ArrayList<String>(words.stream().map(Word::text).toList());
    if (rightToLeft * 2 > words.size()) {
      java.util.Collections.reverse(texts);
    }
    float size = 0;
    int letters = 0;
    int bold = 0;
    float y = words.getFirst().y();
    for (var word : words) {
      if (word.size() > size) {
        size = word.size();
        y = word.y();
      }
      letters += word.text().length();
      bold += word.bold() ? word.text().length() : 0;
    }
    return new Segment(
        words.getFirst().x0(),
        words.getLast().x1(),
        y,
        size,
        bold * 10 > letters * 8,
        String.join(" ", texts),
        words.size());
  }
}
