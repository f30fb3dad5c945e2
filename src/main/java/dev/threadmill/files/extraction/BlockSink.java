package dev.threadmill.files.extraction;

/** Receives the blocks of a file in reading order, and the warnings of its readers. */
public interface BlockSink {
  /** Takes a block. */
  void accept(Block block) throws ExtractionException;

  /** The most characters of text that it takes; readers hold no more than that at a time. */
  int maxCharacters();

  /** Takes a sentence about what is missing from the text. */
  void warn(String sentence) throws ExtractionException;
}
