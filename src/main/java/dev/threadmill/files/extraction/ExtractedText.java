package dev.threadmill.files.extraction;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The text of a file.
 *
 * @param detectedType the media type that the content has, such as {@code application/pdf},
 *     whatever the name of the file says
 * @param blocks the text in reading order; empty if the file has none
 * @param warnings what is missing from the text and why, in sentences for people
 */
public record ExtractedText(String detectedType, List<Block> blocks, List<String> warnings) {
  public ExtractedText {
    blocks = List.copyOf(blocks);
    warnings = List.copyOf(warnings);
  }

  /** The whole text; blocks are separated by empty lines. */
  public String text() {
    return blocks.stream().map(Block::text).collect(Collectors.joining("\n\n"));
  }

  /** The number of characters of all blocks. */
  public long characters() {
    return blocks.stream().mapToLong(block -> block.text().length()).sum();
  }
}
