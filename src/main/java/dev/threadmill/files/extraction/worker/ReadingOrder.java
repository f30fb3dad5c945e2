package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.worker.PageLines.Segment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Puts the segments of a page in the order in which people read them: a column to its end, then the
 * next. Lines across the columns, such as titles, divide the page into bands.
 */
final class ReadingOrder {
  private static final int BIN = 2;
  private static final int MOST_BINS = 2_000;
  private static final int NARROWEST_GUTTER = 8;
  private static final double ACROSS = 0.4;
  private static final int FEWEST_LINES = 3;
  private static final int DEEPEST = 4;

  private ReadingOrder() {}

  static List<Segment> of(List<List<Segment>> lines) {
    var ordered = new ArrayList<Segment>();
    order(lines, 0, ordered);
    return ordered;
  }

  private static void order(List<List<Segment>> found, int depth, List<Segment> ordered) {
    var lines = AlignedTables.replaced(found);
    float gutter = depth < DEEPEST ? gutter(lines) : -1;
    if (gutter < 0) {
      lines.forEach(ordered::addAll);
      return;
    }
    var band = new ArrayList<List<Segment>>();
    for (var line : lines) {
      if (line.stream().anyMatch(segment -> crosses(segment, gutter))) {
        orderBand(band, gutter, depth, ordered);
        band.clear();
        ordered.addAll(line);
      } else {
        band.add(line);
      }
    }
    orderBand(band, gutter, depth, ordered);
  }

  private static boolean crosses(Segment segment, float gutter) {
    return segment.x0() < gutter - 1 && segment.x1() > gutter + 1;
  }

  private static void orderBand(
      List<List<Segment>> band, float gutter, int depth, List<Segment> ordered) {
    for (boolean left : new boolean[] {true, false}) {
      var side = new ArrayList<List<Segment>>();
      for (var line : band) {
        var part = line.stream().filter(each -> each.x0() < gutter == left).toList();
        if (!part.isEmpty()) {
          side.add(part);
        }
      }
      if (!side.isEmpty()) {
        order(side, depth + 1, ordered);
      }
    }
  }

  /** The middle of the white space between two columns; negative if there is one column. */
  private static float gutter(List<List<Segment>> lines) {
    var segments = lines.stream().flatMap(List::stream).toList();
    if (segments.size() < 2 * FEWEST_LINES) {
      return -1;
    }
    float x0 = (float) segments.stream().mapToDouble(Segment::x0).min().orElse(0);
    float x1 = (float) segments.stream().mapToDouble(Segment::x1).max().orElse(0);
    int bins = (int) Math.min(MOST_BINS, (x1 - x0) / BIN + 1);
    int[] cover = new int[bins];
    for (var segment : segments) {
      int to = Math.min(bins - 1, (int) ((segment.x1() - x0) / BIN));
      for (int bin = Math.max(0, (int) ((segment.x0() - x0) / BIN)); bin <= to; bin++) {
        cover[bin]++;
      }
    }
    int limit = (int) (lines.size() * ACROSS);
    float best = -1;
    int bestCover = Integer.MAX_VALUE;
    for (int from = 0; from < bins; from++) {
      int to = from;
      int highest = 0;
      while (to < bins && cover[to] <= limit && cover[to] == cover[from]) {
        highest = Math.max(highest, cover[to]);
        to++;
      }
      float middle = x0 + (from + to) * BIN / 2f;
      if ((to - from) * BIN >= NARROWEST_GUTTER
          && highest < bestCover
          && dividesColumns(segments, middle, x0, x1)) {
        best = middle;
        bestCover = highest;
      }
      from = Math.max(from, to - 1);
    }
    return best;
  }

  /** Whether there are lines on both sides, next to each other, that fill their columns. */
  private static boolean dividesColumns(List<Segment> segments, float gutter, float x0, float x1) {
    var left = segments.stream().filter(each -> each.x1() <= gutter).toList();
    var right = segments.stream().filter(each -> each.x0() >= gutter).toList();
    if (left.size() < FEWEST_LINES || right.size() < FEWEST_LINES) {
      return false;
    }
    return overlap(left, right)
        && (fills(left, gutter - x0) || fills(right, x1 - gutter))
        && startsAligned(right);
  }

  private static boolean overlap(List<Segment> left, List<Segment> right) {
    double top = Math.max(y(left, true), y(right, true));
    double bottom = Math.min(y(left, false), y(right, false));
    return bottom - top > 0;
  }

  private static double y(List<Segment> segments, boolean first) {
    var ys = segments.stream().mapToDouble(Segment::y);
    return first ? ys.min().orElse(0) : ys.max().orElse(0);
  }

  private static boolean fills(List<Segment> segments, float width) {
    double median =
        segments.stream()
            .mapToDouble(each -> each.x1() - each.x0())
            .sorted()
            .skip(segments.size() / 2)
            .findFirst()
            .orElse(0);
    return median > 0.55 * width;
  }

  private static boolean startsAligned(List<Segment> right) {
    var starts = right.stream().map(Segment::x0).sorted(Comparator.naturalOrder()).toList();
    float usual = starts.get(starts.size() / 4);
    return starts.stream().filter(x -> Math.abs(x - usual) < 25).count() * 2 >= starts.size();
  }
}
