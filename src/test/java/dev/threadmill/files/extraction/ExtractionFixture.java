package dev.threadmill.files.extraction;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A process that reads documents, shared by the tests of a class. */
abstract class ExtractionFixture {
  static Extractions extractions;

  @BeforeAll
  static void start() {
    extractions = new Extractions(ExtractionSettings.usual());
  }

  @AfterAll
  static void stop() {
    extractions.close();
  }

  static ExtractedText extract(String name, byte[] content) throws Exception {
    return extractions.extract(name, content);
  }

  static ExtractedText extract(String name, String content) throws Exception {
    return extract(name, content.getBytes(StandardCharsets.UTF_8));
  }

  interface Writer {
    void write(ByteArrayOutputStream out) throws IOException;
  }

  static byte[] bytes(Writer writer) throws IOException {
    var out = new ByteArrayOutputStream();
    writer.write(out);
    return out.toByteArray();
  }
}
