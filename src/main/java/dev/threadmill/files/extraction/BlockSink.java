package dev.threadmill.files.extraction;

/** Receives the blocks of a file in reading order, and what its readers have to say. */
public interface BlockSink {
  /** Takes a block. */
  void accept(Block block) throws ExtractionException;

  /** Takes a sentence about what is missing from the text. */
  void warn(String sentence) throws ExtractionException;
}
