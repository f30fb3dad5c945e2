package dev.threadmill.files.chunks;

import dev.threadmill.files.extraction.Block;
import dev.threadmill.files.extraction.ExtractedText;
import dev.threadmill.models.TokenCounter;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the text of a file into chunks. A chunk ends before a heading if one is near, else between
 * blocks, lines or sentences, and inside a sentence only if that is too long. No text is lost or
 * reordered: without what they repeat, the chunks are the text.
 */
public final class Chunker {
  private final TextUnits units;
  private final ChunkingStrategy strategy;
  private final List<Chunk> chunks = new ArrayList<>();

  private Chunker(ExtractedText text, ChunkingStrategy strategy) {
    this.units = new TextUnits(text.blocks(), strategy);
    this.strategy = strategy;
  }

  /** The chunks of a text, in its order; none if it is empty. */
  public static List<Chunk> chunk(ExtractedText text, ChunkingStrategy strategy) {
    var chunker = new Chunker(text, strategy);
    chunker.cut();
    return chunker.chunks;
  }

  private void cut() {
    int start = 0;
    int fresh = 0; // the first unit that no chunk has
    while (fresh < units.size()) {
      int end = fill(start);
      if (end <= fresh) {
        start = fresh; // the overlap left no space for more
        end = Math.max(fill(start), fresh + 1);
      }
      if (end < units.size()) {
        end = bestEnd(start, fresh, end);
      }
      fresh = emit(start, fresh, end);
      start = startOfOverlap(start, fresh);
    }
  }

  /** The end of the units that fit into a chunk. */
  private int fill(int start) {
    int left = strategy.maxTokens() - units.headerTokens(start);
    int end = start;
    while (end < units.size() && units.tokens(end) <= left) {
      left -= units.tokens(end);
      end++;
    }
    return end;
  }

  /** The best place to end in the second half of a chunk; of equally good ones the last. */
  private int bestEnd(int start, int fresh, int end) {
    int total = 0;
    for (int unit = start; unit < end; unit++) {
      total += units.tokens(unit);
    }
    int best = end;
    int after = 0; // tokens that the next chunk gets instead
    for (int unit = end; unit > fresh; unit--) {
      if (unit < end) {
        after += units.tokens(unit);
      }
      if (after > total / 2) {
        break;
      }
      // a place that leaves much of the chunk empty must be better than one that does not
      if (units.rank(unit) > units.rank(best)) {
        best = unit;
      }
    }
    return best;
  }

  /** Adds the chunk of these units, or of fewer if they have too many tokens; returns its end. */
  private int emit(int start, int fresh, int end) {
    while (true) {
      var text = new StringBuilder(units.header(start));
      int repeated = text.length();
      for (int unit = start; unit < end; unit++) {
        if (unit == fresh) {
          repeated = text.length();
        }
        append(text, unit, unit == start, unit == end - 1);
      }
      var trimmed = stripTrailing(text);
      int tokens = tokens(start, end, trimmed);
      if (tokens > strategy.maxTokens()) {
        if (end > fresh + 1) {
          end--;
          continue;
        }
        if (start < fresh) {
          start++;
          continue;
        }
      }
      if (repeated < trimmed.length()) {
        add(trimmed, start, fresh, end, tokens, repeated);
      }
      return end;
    }
  }

  /**
   * The tokens of the text of units. Only its ends are counted where those between add up: the
   * first unit has no space before it, the last nothing after it.
   */
  private int tokens(int start, int end, String text) {
    boolean addsUp = end - start > 2 && units.header(start).isEmpty();
    int between = 0;
    for (int unit = start + 1; unit < end && addsUp; unit++) {
      addsUp = units.addsUp(unit);
      between += unit < end - 1 ? units.tokens(unit) : 0;
    }
    if (!addsUp) {
      return TokenCounter.count(text);
    }
    var first = new StringBuilder();
    append(first, start, true, false);
    var last = new StringBuilder();
    append(last, end - 1, false, true);
    return TokenCounter.count(first.toString()) + between + TokenCounter.count(stripTrailing(last));
  }

  private void append(StringBuilder text, int unit, boolean first, boolean last) {
    var block = units.block(unit);
    int from = units.from(unit);
    if (first && block.kind() != Block.Kind.CODE) {
      while (from < units.to(unit) && block.text().charAt(from) == ' ') {
        from++;
      }
    }
    text.append(block.text(), from, units.to(unit));
    if (units.to(unit) == block.text().length() && !last) {
      text.append(TextUnits.SEPARATOR);
    }
  }

  private static String stripTrailing(StringBuilder text) {
    int length = text.length();
    while (length > 0 && Character.isWhitespace(text.charAt(length - 1))) {
      length--;
    }
    return text.substring(0, length);
  }

  private void add(String text, int start, int fresh, int end, int tokens, int repeated) {
    Integer firstPage = null;
    Integer lastPage = null;
    for (int unit = start; unit < end; unit++) {
      Integer page = units.block(unit).page();
      if (page != null) {
        firstPage = firstPage == null ? page : Math.min(firstPage, page);
        lastPage = lastPage == null ? page : Math.max(lastPage, page);
      }
    }
    Block first = units.block(fresh);
    chunks.add(
        new Chunk(chunks.size(), text, firstPage, lastPage, first.heading(), tokens, repeated));
  }

  /** The start of the next chunk: as much of the chunk before as the overlap permits. */
  private int startOfOverlap(int start, int fresh) {
    if (strategy.overlapTokens() == 0 || fresh >= units.size()) {
      return fresh;
    }
    int left = strategy.overlapTokens();
    int from = fresh;
    while (from - 1 > start && units.tokens(from - 1) + units.headerTokens(from - 1) <= left) {
      from--;
      left -= units.tokens(from);
    }
    return from;
  }
}
