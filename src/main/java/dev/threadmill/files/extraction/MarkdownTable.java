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
      line = line.replaceAll("\\s*[\\n\\t]\\s*", " ");
    }
    return line.indexOf('|') < 0 ? line : line.replace("|", "\\|");
  }
}
