package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.worker.PageLines.Segment;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Finds the headers and footers of a document: lines at the edges of pages that repeat. */
final class RepeatedLines {
  private static final float EDGE = 0.11f;
  private static final int FEWEST_PAGES = 3;
  private static final int MOST_LINES = 20_000;
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final Pattern PAGE_NUMBER =
      Pattern.compile(
          "[-–—]?\\s*(page|seite|página|pagina|p\\.|s\\.)?\\s*\\d{1,5}(\\s*(/|of|von|de|di)\\s*\\d{1,5})?"
              + "\\s*[-–—]?");

  private final Map<String, Integer> pages = new HashMap<>();

  /** Counts the lines at the edges of a page. */
  void count(PageContent page, List<List<Segment>> lines) {
    lines.stream()
        .filter(line -> isAtEdge(page, line))
        .map(RepeatedLines::key)
        .distinct()
        .filter(key -> pages.size() < MOST_LINES || pages.containsKey(key))
        .forEach(key -> pages.merge(key, 1, Integer::sum));
  }

  /** Whether a line is a header, a footer or the number of the page. */
  boolean isRepeated(PageContent page, List<Segment> line, float bodySize) {
    if (!isAtEdge(page, line) || line.getFirst().size() > bodySize * 1.3f) {
      return false;
    }
    return pages.getOrDefault(key(line), 0) >= FEWEST_PAGES
        || PAGE_NUMBER.matcher(text(line).toLowerCase(Locale.ROOT)).matches();
  }

  private static boolean isAtEdge(PageContent page, List<Segment> line) {
    float y = line.getFirst().y();
    return y < page.height() * EDGE || y > page.height() * (1 - EDGE);
  }

  private static String text(List<Segment> line) {
    return String.join(" ", line.stream().map(Segment::text).toList()).strip();
  }

  private static String key(List<Segment> line) {
    var text = text(line);
    return NUMBER.matcher(text.substring(0, Math.min(200, text.length()))).replaceAll("#");
  }
}
