package dev.threadmill.files.extraction;

import dev.threadmill.files.extraction.Block.Kind;
import java.io.IOException;
import java.io.Reader;

/** Reads text that needs no parser of its own: in one pass, holding no more than one block. */
public final class ReadText {
  private static final int LONGEST_PARAGRAPH = 8_000;
  private static final int LONGEST_CODE = 4_000;
  private static final int LINES_TOGETHER = 2_000;

  private ReadText() {}

  /** Reads text of a format into blocks. */
  public static void read(Reader reader, TextFormat format, BlockSink sink)
      throws IOException, ExtractionException {
    var blocks = new BlockBuilder(sink);
    switch (format) {
      case PLAIN -> plain(new LineReader(reader), blocks);
      case MARKDOWN -> new ReadMarkdown(new LineReader(reader), blocks).read();
      case CODE -> code(new LineReader(reader), blocks);
      case CSV -> ReadDelimited.read(reader, null, blocks);
      case TSV -> ReadDelimited.read(reader, '\t', blocks);
      case JSON -> ReadJson.read(reader, blocks);
      case JSON_LINES -> jsonLines(new LineReader(reader), blocks);
    }
  }

  /** Paragraphs are separated by empty lines. */
  private static void plain(LineReader lines, BlockBuilder blocks)
      throws IOException, ExtractionException {
    var paragraph = new StringBuilder();
    for (var line = lines.next(); line != null; line = lines.next()) {
      if (line.isBlank() || paragraph.length() > LONGEST_PARAGRAPH || line.indexOf('\f') >= 0) {
        flush(paragraph, Kind.PARAGRAPH, blocks);
      }
      if (!line.isBlank()) {
        paragraph.append(line).append('\n');
      }
    }
    flush(paragraph, Kind.PARAGRAPH, blocks);
  }

  /** A block ends before a line that is not indented and follows an empty one. */
  private static void code(LineReader lines, BlockBuilder blocks)
      throws IOException, ExtractionException {
    var code = new StringBuilder();
    boolean afterEmpty = false;
    for (var line = lines.next(); line != null; line = lines.next()) {
      boolean indented = line.startsWith(" ") || line.startsWith("\t");
      if (afterEmpty && !indented && !line.isBlank() || code.length() > LONGEST_CODE) {
        flush(code, Kind.CODE, blocks);
      }
      code.append(line).append('\n');
      afterEmpty = line.isBlank();
    }
    flush(code, Kind.CODE, blocks);
  }

  private static void jsonLines(LineReader lines, BlockBuilder blocks)
      throws IOException, ExtractionException {
    var records = new StringBuilder();
    for (var line = lines.next(); line != null; line = lines.next()) {
      if (!line.isBlank()) {
        records.append(line).append('\n');
      }
      if (records.length() >= LINES_TOGETHER) {
        flush(records, Kind.CODE, blocks);
      }
    }
    flush(records, Kind.CODE, blocks);
  }

  static void flush(StringBuilder text, Kind kind, BlockBuilder blocks) throws ExtractionException {
    if (!text.isEmpty()) {
      blocks.add(kind, text.toString());
      text.setLength(0);
    }
  }
}
