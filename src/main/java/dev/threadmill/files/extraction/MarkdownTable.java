package dev.threadmill.files.extraction;

import java.util.List;

/** Writes rows of cells as a Markdown table. */
public final class MarkdownTable {
  private final StringBuilder text = new StringBuilder();
  private final int columns;
  private int rows;

  /** A table of at least so many columns; further cells of a row are appended. */
  public MarkdownTable(int columns) {
    this.columns = columns;
  }

  /** The table of these rows, of which the first is the header. */
  public static String of(List<List<String>> rows) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    var table = new MarkdownTable(columns);
    rows.forEach(table::row);
    return table.text();
  }

  /** Adds a row; the first is the header. */
  public void row(List<String> cells) {
    for (int column = 0; column < Math.max(columns, cells.size()); column++) {
      text.append("| ").append(column < cells.size() ? cell(cells.get(column)) : "").append(' ');
    }
    text.append("|\n");
    if (rows++ == 0) {
      text.append("| --- ".repeat(Math.max(columns, cells.size()))).append("|\n");
    }
  }

  public int rows() {
    return rows;
  }

  public int length() {
    return text.length();
  }

  public String text() {
    return text.toString().stripTrailing();
  }

  private static String cell(String value) {
    var line = CleanText.of(value, false);
    if (line.indexOf('\n') >= 0 || line.indexOf('\t') >= 0) {
      line = withoutBreaks(line);
    }
    return line.indexOf('|') < 0 ? line : line.replace("|", "\\|");
  }

  /**
   * Makes one space of each run of white space that has a line break or a tab. It is one pass: a
   * pattern would look at the rest of a run from each of its characters.
   */
  private static String withoutBreaks(String text) {
    var line = new StringBuilder(text.length());
    int at = 0;
    while (at < text.length()) {
      int end = at;
      boolean breaks = false;
      while (end < text.length() && isSpace(text.charAt(end))) {
        breaks |= text.charAt(end) != ' ';
        end++;
      }
      if (breaks) {
        line.append(' ');
      } else {
        line.append(text, at, end);
      }
      if (end < text.length()) {
        line.append(text.charAt(end++));
      }
      at = end;
    }
    return line.toString();
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\n' || c == '\t';
  }
}
