package dev.threadmill.files.extraction;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** Extracts the text of documents with a process that the tests of a class share. */
final class Extractions implements AutoCloseable {
  private final WorkerPool workers;
  private final TextExtraction extraction;

  Extractions(ExtractionConfig config, PictureReader... readers) {
    workers = new WorkerPool(config);
    extraction = new TextExtraction(config, workers, List.of(readers));
  }

  ExtractedText extract(String name, byte[] content)
      throws IOException, ExtractionException, InterruptedException {
    var file = Files.createTempFile("document", null);
    try {
      Files.write(file, content);
      return extraction.extract(file, name, null);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
