package dev.threadmill.files.extraction;

import dev.threadmill.files.extraction.Block.Kind;
import java.io.IOException;
import java.util.regex.Pattern;

/** Reads Markdown: headings, fenced code and tables are blocks; the rest is paragraphs. */
final class ReadMarkdown {
  // What a pattern has matched it does not give back, so that each takes time linear in the line.
  private static final Pattern ATX_HEADING = Pattern.compile(" {0,3}(#{1,6}+)[ \\t]++");
  private static final Pattern FENCE = Pattern.compile(" {0,3}(`{3}|~{3})");
  private static final Pattern UNDERLINE = Pattern.compile(" {0,3}(=++|-++)[ \\t]*+");
  private static final Pattern TABLE_SEPARATOR =
      Pattern.compile(
          "[ \\t]*+(?:\\|[ \\t]*+)?:?-++:?[ \\t]*+(?:\\|[ \\t]*+:?-++:?[ \\t]*+)*+"
              + "(?:\\|[ \\t]*+)?");
  private static final int LONGEST = 8_000;

  /** A longer table continues in another block, which repeats the header. */
  private static final int LONGEST_TABLE = 200_000;

  /** Longer lines are prose; the patterns need not look at them. */
  private static final int LONGEST_MARKUP = 4_000;

  private final LineReader lines;
  private final BlockBuilder blocks;
  private final StringBuilder open = new StringBuilder();
  private String lastLine = "";
  private int openLines;
  private boolean inTable;
  private String tableHeader = "";

  ReadMarkdown(LineReader lines, BlockBuilder blocks) {
    this.lines = lines;
    this.blocks = blocks;
  }

  void read() throws IOException, ExtractionException {
    for (var line = lines.next(); line != null; line = lines.next()) {
      if (line.length() > LONGEST_MARKUP) {
        append(line);
      } else if (FENCE.matcher(line).lookingAt()) {
        fenced(line);
      } else {
        line(line);
      }
    }
    flush();
  }

  private void line(String line) throws ExtractionException {
    var heading = ATX_HEADING.matcher(line);
    if (line.isBlank()) {
      flush();
    } else if (heading.lookingAt()) {
      flush();
      blocks.heading(heading.group(1).length(), title(line.substring(heading.end())));
    } else if (openLines == 1 && !inTable && UNDERLINE.matcher(line).matches()) {
      if (line.indexOf('|') < 0 && lastLine.indexOf('|') < 0) {
        var title = lastLine;
        discard();
        blocks.heading(line.strip().startsWith("=") ? 1 : 2, title);
      } else {
        append(line);
      }
    } else if (isTable(line)) {
      var header = lastLine;
      open.setLength(open.length() - header.length() - 1);
      flush();
      inTable = true;
      append(header);
      append(line);
      tableHeader = open.length() <= LONGEST ? open.toString() : "";
    } else if (inTable && line.indexOf('|') < 0) {
      flush();
      append(line);
    } else {
      append(line);
    }
  }

  /** The text of a heading without the number signs that may close it. */
  private static String title(String text) {
    var title = text.stripTrailing();
    int end = title.length();
    while (end > 0 && title.charAt(end - 1) == '#') {
      end--;
    }
    boolean closed = end == 0 || title.charAt(end - 1) == ' ' || title.charAt(end - 1) == '\t';
    return closed ? title.substring(0, end) : title;
  }

  private boolean isTable(String line) {
    return !inTable
        && openLines > 0
        && lastLine.indexOf('|') >= 0
        && line.indexOf('|') >= 0
        && TABLE_SEPARATOR.matcher(line).matches();
  }

  private void fenced(String fence) throws IOException, ExtractionException {
    flush();
    var mark = fence.strip().substring(0, 3);
    var code = new StringBuilder();
    for (var line = lines.next(); line != null; line = lines.next()) {
      var stripped = line.strip();
      if (stripped.startsWith(mark) && stripped.chars().allMatch(c -> c == mark.charAt(0))) {
        break;
      }
      code.append(line).append('\n');
      if (code.length() > LONGEST) {
        ReadText.flush(code, Kind.CODE, blocks);
      }
    }
    ReadText.flush(code, Kind.CODE, blocks);
  }

  private void append(String line) throws ExtractionException {
    if (!inTable && open.length() > LONGEST) {
      flush();
    } else if (inTable && open.length() > LONGEST_TABLE) {
      blocks.add(Kind.TABLE, open.toString());
      open.setLength(0);
      open.append(tableHeader);
    }
    open.append(line).append('\n');
    lastLine = line;
    openLines++;
  }

  private void discard() {
    open.setLength(0);
    openLines = 0;
    lastLine = "";
    inTable = false;
  }

  private void flush() throws ExtractionException {
    if (!open.isEmpty()) {
      blocks.add(inTable ? Kind.TABLE : Kind.PARAGRAPH, open.toString());
    }
    discard();
  }
}
