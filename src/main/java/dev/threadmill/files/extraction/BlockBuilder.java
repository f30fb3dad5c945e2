package dev.threadmill.files.extraction;

import java.util.ArrayList;
import java.util.List;

/** Makes blocks of texts in reading order: cleans the texts and adds the headings above them. */
public final class BlockBuilder {
  private static final int LONGEST_HEADING = 300;
  private static final int LONGEST_PATH = 500;

  private final BlockSink sink;
  private final List<Heading> headings = new ArrayList<>();
  private Integer page;
  private String path;

  private record Heading(int level, String text) {}

  public BlockBuilder(BlockSink sink) {
    this.sink = sink;
  }

  /** Sets the page of the blocks that follow, from 1; null for none. */
  public void page(Integer number) {
    page = number;
  }

  /** The page of the blocks that follow. */
  public Integer page() {
    return page;
  }

  /** Adds a block; text without anything to read is left out. */
  public void add(Block.Kind kind, String text) throws ExtractionException {
    var clean = CleanText.of(text, kind == Block.Kind.CODE);
    if (!clean.isEmpty()) {
      sink.accept(new Block(clean, page, path, kind));
    }
  }

  /** Adds a heading; level 1 is the outermost. A very long one is taken for a paragraph. */
  public void heading(int level, String text) throws ExtractionException {
    var clean = CleanText.of(text, false).replaceAll("\\s+", " ");
    if (clean.length() > LONGEST_HEADING) {
      add(Block.Kind.PARAGRAPH, clean);
    } else if (!clean.isEmpty()) {
      open(level, clean);
      sink.accept(new Block(clean, page, path, Block.Kind.HEADING));
    }
  }

  /** Sets a heading for what follows that is not part of the text, such as the name of a part. */
  public void open(int level, String text) {
    while (!headings.isEmpty() && headings.getLast().level() >= level) {
      headings.removeLast();
    }
    headings.add(new Heading(level, text));
    var joined = String.join(" > ", headings.stream().map(Heading::text).toList());
    path = joined.length() > LONGEST_PATH ? text : joined;
  }

  /** The most characters of text that the file may have. */
  int maxCharacters() {
    return sink.maxCharacters();
  }

  public void warn(String sentence) throws ExtractionException {
    sink.warn(sentence);
  }
}
