package dev.threadmill.files.extraction;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import dev.threadmill.files.extraction.Block.Kind;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;

/**
 * Reads JSON. It is indented, whatever the file does, and divided between the entries of the
 * outermost object or array.
 */
final class ReadJson {
  private static final JsonFactory OUTPUT = new JsonFactory();
  private static final int ENTRIES_TOGETHER = 500;

  /** Indentation makes the text of a deeper one many times as long as the file. */
  private static final int DEEPEST = 200;

  private ReadJson() {}

  /**
   * Reads values up to the end. A syntax error, and a string with more characters than the file may
   * have, is a JsonProcessingException; a value that is too deep or too long when it is indented is
   * invalid.
   */
  static void read(Reader reader, BlockBuilder blocks) throws IOException, ExtractionException {
    try (var parser = factory(blocks.maxCharacters()).createParser(reader)) {
      try {
        read(parser, blocks);
      } catch (StreamConstraintsException e) {
        if (parser.getParsingContext().getNestingDepth() > DEEPEST) {
          throw ExtractionException.invalid(
              "The JSON is nested more than %d levels deep, which is the limit."
                  .formatted(DEEPEST));
        }
        throw e;
      }
    }
  }

  /** Names of one file are not kept for the next: a file decides how many and how long they are. */
  private static JsonFactory factory(int maxCharacters) {
    return JsonFactory.builder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(DEEPEST)
                .maxStringLength(maxCharacters)
                .build())
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .build();
  }

  private static void read(JsonParser parser, BlockBuilder blocks)
      throws IOException, ExtractionException {
    for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
      switch (token) {
        case START_ARRAY -> entries(parser, JsonToken.END_ARRAY, blocks);
        case START_OBJECT -> entries(parser, JsonToken.END_OBJECT, blocks);
        default -> blocks.add(Kind.CODE, parser.getText());
      }
    }
  }

  private static void entries(JsonParser parser, JsonToken end, BlockBuilder blocks)
      throws IOException, ExtractionException {
    var together = new StringBuilder();
    for (var token = parser.nextToken(); token != end; token = parser.nextToken()) {
      if (end == JsonToken.END_OBJECT) {
        together.append('"').append(parser.currentName()).append("\": ");
        parser.nextToken();
      }
      together.append(value(parser, blocks.maxCharacters())).append(",\n");
      if (together.length() >= ENTRIES_TOGETHER) {
        ReadText.flush(together, Kind.CODE, blocks);
      }
    }
    ReadText.flush(together, Kind.CODE, blocks);
  }

  private static String value(JsonParser parser, int maxCharacters)
      throws IOException, ExtractionException {
    var text = new BoundedWriter(maxCharacters);
    try (var generator = OUTPUT.createGenerator(text)) {
      var indenter = new DefaultIndenter("  ", "\n");
      generator.setPrettyPrinter(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance().withObjectFieldValueSpacing(Spacing.AFTER))
              .withObjectIndenter(indenter));
      generator.copyCurrentStructure(parser);
    } catch (BoundedWriter.Full _) {
      throw BlockList.tooLong(maxCharacters);
    }
    return text.toString();
  }

  /** Keeps text up to a number of characters. */
  private static final class BoundedWriter extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int maxCharacters;

    /** There is more text. */
    private static final class Full extends IOException {}

    BoundedWriter(int maxCharacters) {
      this.maxCharacters = maxCharacters;
    }

    @Override
    public void write(char[] characters, int offset, int length) throws IOException {
      if (length > maxCharacters - text.length()) {
        throw new Full();
      }
      text.append(characters, offset, length);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
