package dev.threadmill.files.extraction;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import dev.threadmill.files.extraction.Block.Kind;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;

/**
 * Reads JSON. It is indented, whatever the file does, and divided between the entries of the
 * outermost object or array.
 */
final class ReadJson {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int ENTRIES_TOGETHER = 500;

  private ReadJson() {}

  /** Reads values up to the end. A syntax error is a JsonProcessingException. */
  static void read(Reader reader, BlockBuilder blocks) throws IOException, ExtractionException {
    try (var parser = JSON.createParser(reader)) {
      for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case START_ARRAY -> entries(parser, JsonToken.END_ARRAY, blocks);
          case START_OBJECT -> entries(parser, JsonToken.END_OBJECT, blocks);
          default -> blocks.add(Kind.CODE, parser.getText());
        }
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
      together.append(value(parser)).append(",\n");
      if (together.length() >= ENTRIES_TOGETHER) {
        ReadText.flush(together, Kind.CODE, blocks);
      }
    }
    ReadText.flush(together, Kind.CODE, blocks);
  }

  private static String value(JsonParser parser) throws IOException {
    var text = new StringWriter();
    try (var generator = JSON.createGenerator(text)) {
      var indenter = new DefaultIndenter("  ", "\n");
      generator.setPrettyPrinter(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance().withObjectFieldValueSpacing(Spacing.AFTER))
              .withObjectIndenter(indenter));
      generator.copyCurrentStructure(parser);
    }
    return text.toString();
  }
}
