package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.MarkdownTable;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes Markdown of the rows of a table as they arrive. The first row with several cells is the
 * header; single cells above it, and tables of one column, are paragraphs.
 */
final class XhtmlTable {
  private static final int LONGEST_TABLE = 100_000;
  private static final int MOST_COLUMNS = 2_000;

  private final BlockBuilder blocks;
  private final List<String> row = new ArrayList<>();
  private List<String> header;
  private MarkdownTable table;
  private int span = 1;

  XhtmlTable(BlockBuilder blocks) {
    this.blocks = blocks;
  }

  void startCell(String colspan) {
    span = 1;
    if (colspan != null && colspan.matches("\\d{1,3}")) {
      span = Math.clamp(Integer.parseInt(colspan), 1, 50);
    }
  }

  void endCell(CharSequence text) {
    if (row.size() < MOST_COLUMNS) {
      row.add(text.toString());
      for (int more = 1; more < span; more++) {
        row.add("");
      }
    }
  }

  void endRow() throws ExtractionException {
    while (!row.isEmpty() && row.getLast().isBlank()) {
      row.removeLast();
    }
    var cells = List.copyOf(row);
    row.clear();
    long filled = cells.stream().filter(cell -> !cell.isBlank()).count();
    if (filled == 0) {
      return;
    }
    if (table == null && filled == 1) {
      blocks.add(Kind.PARAGRAPH, String.join(" ", cells));
      return;
    }
    if (table != null && table.length() > LONGEST_TABLE) {
      blocks.add(Kind.TABLE, table.text());
      table = new MarkdownTable(header.size());
      table.row(header);
    }
    if (table == null) {
      header = cells;
      table = new MarkdownTable(cells.size());
    }
    table.row(cells);
  }

  void end() throws ExtractionException {
    endRow();
    if (table != null) {
      blocks.add(Kind.TABLE, table.text());
    }
  }
}
