package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.ExtractionException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipFile;

/** Refuses archives that say of themselves that they expand to far more than their size. */
final class ZipCheck {
  private static final int MOST_ENTRIES = 50_000;
  private static final long LARGEST = 1L << 30;
  private static final long SUSPICIOUS = 64L << 20;
  private static final int EXPANSION = 300;

  private ZipCheck() {}

  static void check(Path file) throws ExtractionException {
    try (var zip = new ZipFile(file.toFile())) {
      if (zip.size() > MOST_ENTRIES) {
        throw ExtractionException.invalid(
            "The file is a container of %,d files; at most %,d are read."
                .formatted(zip.size(), MOST_ENTRIES));
      }
      long total = 0;
      long compressed = 0;
      for (var entry : Collections.list(zip.entries())) {
        total += Math.max(0, entry.getSize());
        compressed += Math.max(0, entry.getCompressedSize());
      }
      if (total > LARGEST || total > SUSPICIOUS && total > EXPANSION * compressed) {
        throw Failures.bomb();
      }
    } catch (IOException _) {
      // the reader of the format says what is wrong
    }
  }
}
