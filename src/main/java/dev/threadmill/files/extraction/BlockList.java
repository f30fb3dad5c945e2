package dev.threadmill.files.extraction;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;

/** Collects blocks up to a number of characters. */
public final class BlockList implements BlockSink {
  private static final int MOST_WARNINGS = 20;

  /**
   * What a block costs besides its text, in characters: many tiny blocks must not fill the heap.
   */
  private static final int COST_OF_BLOCK = 16;

  private final int maxCharacters;
  private final List<Block> blocks = new ArrayList<>();
  private final LinkedHashSet<String> warnings = new LinkedHashSet<>();
  private long characters;
  private String heading;

  BlockList(int maxCharacters) {
    this.maxCharacters = maxCharacters;
  }

  @Override
  public void accept(Block block) throws ExtractionException {
    characters += block.text().length() + COST_OF_BLOCK;
    boolean sameHeading = Objects.equals(block.heading(), heading);
    if (!sameHeading && block.heading() != null) {
      // a path of headings may be much longer than the heading that it ends with
      characters += block.heading().length();
    }
    if (characters > maxCharacters) {
      throw tooLong(maxCharacters);
    }
    // each block of a worker comes with a copy of the path; one is enough
    heading = sameHeading ? heading : block.heading();
    blocks.add(new Block(block.text(), block.page(), heading, block.kind()));
  }

  @Override
  public int maxCharacters() {
    return maxCharacters;
  }

  @Override
  public void warn(String sentence) {
    if (warnings.size() < MOST_WARNINGS) {
      warnings.add(sentence);
    }
  }

  /** Says that a file has too much text. */
  public static ExtractionException tooLong(int maxCharacters) {
    return ExtractionException.invalid(
        "The file has more than %,d characters of text, which is the limit."
            .formatted(maxCharacters));
  }

  int size() {
    return blocks.size();
  }

  ExtractedText result(String detectedType) {
    return new ExtractedText(detectedType, blocks, List.copyOf(warnings));
  }
}
