package dev.threadmill.files.extraction;

import dev.threadmill.api.ProjectId;
import dev.threadmill.sandbox.ProgramCage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Supplier;

/** Extracts the text of documents with a process that the tests of a class share. */
final class Extractions implements AutoCloseable {
  private static final ProjectId PROJECT = new ProjectId("proj_" + "a".repeat(24));

  private final WorkerPool workers;
  private final TextExtraction extraction;

  Extractions(ExtractionConfig config, PictureReader... readers) {
    this(config, () -> new ProgramCage.Found.Unusable("none in tests"), readers);
  }

  Extractions(
      ExtractionConfig config, Supplier<ProgramCage.Found> findCage, PictureReader... readers) {
    workers = new WorkerPool(config, findCage);
    extraction = new TextExtraction(config, workers, List.of(readers));
  }

  ExtractedText extract(String name, byte[] content)
      throws IOException, ExtractionException, InterruptedException {
    var file = Files.createTempFile("document", null);
    try {
      Files.write(file, content);
      return extraction.extract(PROJECT, file, name, null);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
