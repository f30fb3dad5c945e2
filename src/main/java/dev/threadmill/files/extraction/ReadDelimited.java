package dev.threadmill.files.extraction;

import dev.threadmill.files.extraction.Block.Kind;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;

/** Reads CSV and its relatives into Markdown tables. */
final class ReadDelimited {
  private static final char[] DELIMITERS = {',', ';', '\t', '|'};
  private static final int SAMPLE = 16_384;

  /** A longer table continues in another block, which repeats the header. */
  private static final int LONGEST_TABLE = 200_000;

  private static final int MOST_COLUMNS = 2_000;
  private static final int LONGEST_CELL = 1_000_000;
  private static final int LONGEST_ROW = 2_000_000;

  private final Reader reader;
  private final char delimiter;
  private final int maxCharacters;
  private int rowLength;
  private int lookahead = -2;

  private ReadDelimited(Reader reader, char delimiter, int maxCharacters) {
    this.reader = reader;
    this.delimiter = delimiter;
    this.maxCharacters = maxCharacters;
  }

  /** Reads a table; the delimiter is found from its first lines if it is null. */
  static void read(Reader reader, Character delimiter, BlockBuilder blocks)
      throws IOException, ExtractionException {
    var start = new char[SAMPLE];
    int length = 0;
    while (length < SAMPLE) {
      int more = reader.read(start, length, SAMPLE - length);
      if (more < 0) {
        break;
      }
      length += more;
    }
    char found = delimiter == null ? findDelimiter(start, length) : delimiter;
    new ReadDelimited(new PrefixedReader(start, length, reader), found, blocks.maxCharacters())
        .read(blocks);
  }

  private void read(BlockBuilder blocks) throws IOException, ExtractionException {
    var header = row();
    if (header == null) {
      return;
    }
    var table = new MarkdownTable(header.size());
    table.row(header);
    for (var row = row(); row != null; row = row()) {
      if (table.length() > LONGEST_TABLE) {
        blocks.add(Kind.TABLE, table.text());
        table = new MarkdownTable(header.size());
        table.row(header);
      }
      if (row.stream().anyMatch(cell -> !cell.isBlank())) {
        table.row(row);
      }
    }
    blocks.add(Kind.TABLE, table.text());
  }

  /** The cells of the next row; null at the end. Quotation marks protect delimiters and breaks. */
  private List<String> row() throws IOException, ExtractionException {
    int c = next();
    while (c == '\n' || c == '\r') {
      c = next();
    }
    if (c < 0) {
      return null;
    }
    rowLength = 0;
    var cells = new ArrayList<String>();
    var cell = new StringBuilder();
    while (true) {
      if (c == '"' && cell.isEmpty()) {
        quoted(cell);
      } else if (c == delimiter || c == '\n' || c == '\r' || c < 0) {
        cells.add(cell.toString());
        cell.setLength(0);
        if (c != delimiter) {
          return cells;
        }
        if (cells.size() >= MOST_COLUMNS) {
          throw ExtractionException.invalid(
              "A row of the table has more than %,d columns.".formatted(MOST_COLUMNS));
        }
      } else {
        append(cell, c);
      }
      c = next();
    }
  }

  private void quoted(StringBuilder cell) throws IOException, ExtractionException {
    for (int c = next(); c >= 0; c = next()) {
      if (c == '"') {
        int after = next();
        if (after != '"') {
          lookahead = after;
          return;
        }
      }
      append(cell, c);
    }
  }

  private void append(StringBuilder cell, int c) throws ExtractionException {
    if (cell.length() >= LONGEST_CELL) {
      throw ExtractionException.invalid(
          "A cell of the table has more than %,d characters; is a quotation mark missing?"
              .formatted(LONGEST_CELL));
    }
    if (++rowLength > LONGEST_ROW) {
      throw ExtractionException.invalid(
          "A row of the table has more than %,d characters; is a quotation mark missing?"
              .formatted(LONGEST_ROW));
    }
    if (rowLength > maxCharacters) {
      throw BlockList.tooLong(maxCharacters);
    }
    cell.append((char) c);
  }

  private int next() throws IOException {
    if (lookahead != -2) {
      int c = lookahead;
      lookahead = -2;
      return c;
    }
    return reader.read();
  }

  /** The delimiter that divides most lines of the sample into the same number of cells. */
  private static char findDelimiter(char[] sample, int length) {
    char best = ',';
    double bestScore = 0;
    for (char candidate : DELIMITERS) {
      double score = score(sample, length, candidate);
      if (score > bestScore) {
        best = candidate;
        bestScore = score;
      }
    }
    return best;
  }

  private static double score(char[] sample, int length, char delimiter) {
    int lines = 0;
    int same = 0;
    int first = -1;
    int count = 0;
    boolean quoted = false;
    for (int at = 0; at < length; at++) {
      char c = sample[at];
      if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && c == delimiter) {
        count++;
      } else if (!quoted && c == '\n') {
        first = first < 0 ? count : first;
        lines++;
        same += count == first ? 1 : 0;
        count = 0;
      }
    }
    if (first < 0) {
      return count;
    }
    return first == 0 ? 0 : (double) same / lines + Math.min(first, 100) / 1000.0;
  }

  /** Characters that were read ahead, and those after them. */
  private static final class PrefixedReader extends Reader {
    private final char[] prefix;
    private final int length;
    private final Reader rest;
    private final char[] buffer = new char[SAMPLE];
    private int at;
    private int bufferAt;
    private int bufferLength;

    PrefixedReader(char[] prefix, int length, Reader rest) {
      this.prefix = prefix;
      this.length = length;
      this.rest = rest;
    }

    @Override
    public int read() throws IOException {
      if (at < length) {
        return prefix[at++];
      }
      if (bufferAt == bufferLength) {
        bufferAt = 0;
        bufferLength = Math.max(0, rest.read(buffer));
        if (bufferLength == 0) {
          return -1;
        }
      }
      return buffer[bufferAt++];
    }

    @Override
    public int read(char[] target, int offset, int count) throws IOException {
      int c = count == 0 ? -1 : read();
      if (c < 0) {
        return count == 0 ? 0 : -1;
      }
      target[offset] = (char) c;
      return 1;
    }

    @Override
    public void close() throws IOException {
      rest.close();
    }
  }
}
