package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.MarkdownTable;
import dev.threadmill.files.extraction.worker.PageLines.Segment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Finds tables without drawn lines: rows of short texts that stand below each other. */
final class AlignedTables {
  private static final int FEWEST_ROWS = 3;
  private static final float WORDS_OF_CELL = 3.5f;
  private static final float WORDS_NEAR_NUMBERS = 6;
  private static final float LINE = 1.45f;

  private AlignedTables() {}

  /** The lines, in which each table is one segment of a line of its own. */
  static List<List<Segment>> replaced(List<List<Segment>> lines) {
    var result = new ArrayList<List<Segment>>();
    for (int at = 0; at < lines.size(); ) {
      int end = runEnd(lines, at);
      var table = end > at ? table(lines.subList(at, end)) : null;
      if (table == null) {
        result.add(lines.get(at++));
      } else {
        result.add(List.of(table));
        at = end;
      }
    }
    return result;
  }

  /** The end of lines with several segments; between them, lines that continue a cell. */
  private static int runEnd(List<List<Segment>> lines, int from) {
    if (!hasCells(lines.get(from))) {
      return from;
    }
    int end = from + 1;
    for (int at = from + 1; at < lines.size(); at++) {
      var line = lines.get(at);
      float gap = line.getFirst().y() - lines.get(at - 1).getFirst().y();
      float size = Math.max(line.getFirst().size(), 1);
      if (line.getFirst().isTable() || gap > 3.5f * size) {
        break;
      }
      if (hasCells(line)) {
        end = at + 1;
      } else if (gap > LINE * size || at - end >= 2) {
        break;
      }
    }
    return end;
  }

  private static boolean hasCells(List<Segment> line) {
    return line.size() >= 2 && line.stream().noneMatch(Segment::isTable);
  }

  private static Segment table(List<List<Segment>> lines) {
    var segments = lines.stream().flatMap(List::stream).toList();
    var cells = lines.stream().filter(AlignedTables::hasCells).flatMap(List::stream).toList();
    long rows = lines.stream().filter(AlignedTables::hasCells).count();
    double words = cells.stream().mapToInt(Segment::words).average().orElse(0);
    double numbers =
        (double) cells.stream().filter(cell -> isNumber(cell.text())).count() / cells.size();
    if (rows < FEWEST_ROWS
        || words > WORDS_NEAR_NUMBERS
        || words > WORDS_OF_CELL && numbers < 0.35) {
      return null;
    }
    var columns = columns(cells);
    if (columns.size() < 2) {
      return null;
    }
    var table = new ArrayList<List<String>>();
    float lastY = 0;
    for (var line : lines) {
      var row = row(line, columns);
      if (row == null) {
        return null;
      }
      boolean continues =
          !table.isEmpty()
              && row.getFirst().isEmpty()
              && line.size() < columns.size()
              && line.getFirst().y() - lastY <= LINE * line.getFirst().size();
      if (continues) {
        append(table.getLast(), row);
      } else {
        table.add(row);
      }
      lastY = line.getFirst().y();
    }
    float x0 = (float) segments.stream().mapToDouble(Segment::x0).min().orElse(0);
    float x1 = (float) segments.stream().mapToDouble(Segment::x1).max().orElse(0);
    return Segment.table(x0, x1, lines.getFirst().getFirst().y(), MarkdownTable.of(table));
  }

  private static boolean isNumber(String text) {
    long digits = text.chars().filter(Character::isDigit).count();
    return digits > 0 && digits * 2 >= text.chars().filter(c -> c != ' ').count();
  }

  /** The ranges of x that the cells cover together. */
  private static List<float[]> columns(List<Segment> cells) {
    var sorted = cells.stream().sorted(Comparator.comparingDouble(Segment::x0)).toList();
    var columns = new ArrayList<float[]>();
    for (var cell : sorted) {
      if (columns.isEmpty() || cell.x0() > columns.getLast()[1]) {
        columns.add(new float[] {cell.x0(), cell.x1()});
      } else {
        columns.getLast()[1] = Math.max(columns.getLast()[1], cell.x1());
      }
    }
    return columns;
  }

  /** The cells of a line; null if two of its segments are in one column, or one in none. */
  private static List<String> row(List<Segment> line, List<float[]> columns) {
    var row = new ArrayList<String>();
    int next = 0;
    for (var range : columns) {
      var cell = "";
      if (next < line.size() && line.get(next).x0() <= range[1]) {
        if (line.get(next).x1() > range[1] + 2) {
          return null;
        }
        cell = line.get(next++).text();
      }
      row.add(cell);
    }
    return next == line.size() ? row : null;
  }

  private static void append(List<String> row, List<String> continuation) {
    for (int at = 0; at < row.size(); at++) {
      if (!continuation.get(at).isEmpty()) {
        row.set(at, (row.get(at) + " " + continuation.get(at)).strip());
      }
    }
  }
}
