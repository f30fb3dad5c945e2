package dev.threadmill.files.extraction.worker;

/** Counts what is inside a file: attachments, pictures, bytes. */
final class EmbeddedLimits {
  static final int LARGEST_PICTURE = 10 << 20;
  static final int MOST_FILES = 500;
  static final int DEEPEST = 5;
  private static final long MOST_BYTES = 500L << 20;

  private long bytes = MOST_BYTES;
  private int files;
  private int pictures;
  private int skipped;

  /** Whether another file inside may be read. */
  boolean takeFile(int depth) {
    if (depth >= DEEPEST || files >= MOST_FILES || bytes <= 0) {
      skipped++;
      return false;
    }
    files++;
    return true;
  }

  /** The bytes that the files inside may still have together. */
  long bytesLeft() {
    return bytes;
  }

  void take(long count) {
    bytes -= count;
  }

  void countPicture() {
    pictures++;
  }

  void report(FrameSink sink) {
    if (pictures > 0) {
      sink.warn(
          "The file contains %,d %s; what they show is not part of the text."
              .formatted(pictures, pictures == 1 ? "picture" : "pictures"));
    }
    if (skipped > 0) {
      sink.warn(
          "%,d files inside the file were not read: they are too many, too large, or nested too"
                  .formatted(skipped)
              + " deeply.");
    }
  }
}
