package dev.threadmill.files.chunks;

import dev.threadmill.files.extraction.Block;
import dev.threadmill.models.TokenCounter;
import java.util.Arrays;
import java.util.List;

/**
 * The blocks of a text, divided into the units that a chunk is made of: sentences, rows of tables,
 * lines of code. A unit is a range of characters of a block; together the units are all characters.
 */
final class TextUnits {
  /** How good a place before a unit is for the end of a chunk. */
  static final int INSIDE_SENTENCE = 0;

  static final int AFTER_HEADING = 0;
  static final int SENTENCE = 1;
  static final int LINE = 2;
  static final int BLOCK = 3;
  static final int HEADING = 4;

  /** What separates blocks. */
  static final String SEPARATOR = "\n\n";

  private final List<Block> blocks;
  private final int largest;
  private final int largestSentence;
  private int size;
  private int[] block = new int[256];
  private int[] from = new int[256];
  private int[] to = new int[256];
  private int[] tokens = new int[256];
  private byte[] rank = new byte[256];

  /** Length and tokens of the header of each block that is a table with one; else 0. */
  private final int[] headerLength;

  private final int[] headerTokens;

  TextUnits(List<Block> blocks, ChunkingStrategy strategy) {
    this.blocks = blocks;
    // the overlap and one unit must fit into a chunk, and long sentences must not prevent the
    // overlap
    this.largest = strategy.maxTokens() - strategy.overlapTokens();
    this.largestSentence =
        strategy.overlapTokens() == 0
            ? largest
            : Math.min(largest, Math.max(8, strategy.overlapTokens() / 2));
    this.headerLength = new int[blocks.size()];
    this.headerTokens = new int[blocks.size()];
    for (int index = 0; index < blocks.size(); index++) {
      divide(index);
    }
  }

  int size() {
    return size;
  }

  Block block(int unit) {
    return blocks.get(block[unit]);
  }

  int from(int unit) {
    return from[unit];
  }

  int to(int unit) {
    return to[unit];
  }

  int tokens(int unit) {
    return tokens[unit];
  }

  int rank(int unit) {
    return rank[unit];
  }

  /**
   * Whether the tokens of this unit and the one before it add up to those of both together: the
   * encoding always ends a token between them.
   */
  boolean addsUp(int unit) {
    var text = block(unit).text();
    char first = text.charAt(from[unit]);
    if (from[unit] == 0) {
      return first != '/' && !Character.isWhitespace(first);
    }
    char before = text.charAt(from[unit] - 1);
    return before == '\n' && first != '/' && !Character.isWhitespace(first)
        || first == ' ' && before > ' ' && before < 0x80;
  }

  /** The header that a chunk repeats if it starts with this unit; empty for none. */
  String header(int unit) {
    int length = headerLength[block[unit]];
    return from[unit] >= length ? block(unit).text().substring(0, length) : "";
  }

  int headerTokens(int unit) {
    return from[unit] >= headerLength[block[unit]] ? headerTokens[block[unit]] : 0;
  }

  private void divide(int index) {
    var text = blocks.get(index).text();
    int first = size;
    switch (blocks.get(index).kind()) {
      case TABLE -> {
        findHeader(index);
        divideLines(index, text, Math.max(8, largest - headerTokens[index]));
      }
      case CODE -> divideLines(index, text, largest);
      case HEADING -> add(index, 0, text.length(), BLOCK, largest);
      case PARAGRAPH, PICTURE -> divideSentences(index, text);
    }
    if (first < size) {
      boolean heading = blocks.get(index).kind() == Block.Kind.HEADING;
      boolean afterHeading = index > 0 && blocks.get(index - 1).kind() == Block.Kind.HEADING;
      rank[first] = (byte) (afterHeading ? AFTER_HEADING : heading ? HEADING : BLOCK);
      if (index + 1 < blocks.size()) {
        int last = size - 1;
        var ending = text.substring(from[last], to[last]) + SEPARATOR;
        tokens[last] = TokenCounter.count(ending);
      }
    }
  }

  /** Headers that would fill more than a quarter of the chunks are not repeated. */
  private void findHeader(int index) {
    var text = blocks.get(index).text();
    int firstEnd = text.indexOf('\n');
    int secondEnd = firstEnd < 0 ? -1 : text.indexOf('\n', firstEnd + 1);
    if (secondEnd < 0 || !isSeparator(text, firstEnd + 1, secondEnd)) {
      return;
    }
    int count =
        secondEnd > 16 * largest ? largest : TokenCounter.count(text.substring(0, secondEnd + 1));
    if (count <= largest / 2) {
      headerLength[index] = secondEnd + 1;
      headerTokens[index] = count;
    }
  }

  private static boolean isSeparator(String text, int from, int to) {
    boolean dashes = false;
    for (int at = from; at < to; at++) {
      char c = text.charAt(at);
      dashes |= c == '-';
      if (c != '-' && c != '|' && c != ':' && c != ' ') {
        return false;
      }
    }
    return dashes;
  }

  private void divideLines(int index, String text, int limit) {
    for (int start = 0; start < text.length(); ) {
      int newline = text.indexOf('\n', start);
      int end = newline < 0 ? text.length() : newline + 1;
      add(index, start, end, LINE, limit);
      start = end;
    }
  }

  private void divideSentences(int index, String text) {
    int start = 0;
    int rankOfStart = SENTENCE;
    while (start < text.length()) {
      int end = SentenceEnds.next(text, start);
      add(index, start, end, rankOfStart, largestSentence);
      rankOfStart = text.charAt(end - 1) == '\n' ? LINE : SENTENCE;
      start = end;
    }
  }

  /** Adds a range as one unit, or as several if it has too many tokens. */
  private void add(int index, int start, int end, int rankOfStart, int limit) {
    var text = blocks.get(index).text();
    if (end - start <= limit) { // a character has at most a token, or the units are divided below
      int count = TokenCounter.count(text.substring(start, end));
      if (count <= limit) {
        append(index, start, end, count, rankOfStart);
        return;
      }
    } else if (end - start <= 16 * limit) {
      int count = TokenCounter.count(text.substring(start, end));
      if (count <= limit) {
        append(index, start, end, count, rankOfStart);
        return;
      }
    }
    int middle = Math.min(start + (end - start) / 2, start + 8 * limit);
    int cut = wordEnd(text, start, middle, end);
    add(index, start, cut, rankOfStart, limit);
    addRest(index, cut, end, limit);
  }

  /** A loop for the rest, so that a long line without end does not recurse deeply. */
  private void addRest(int index, int start, int end, int limit) {
    while (start < end) {
      int cut = end;
      if (end - start > 8 * limit) {
        cut = wordEnd(blocks.get(index).text(), start, start + 4 * limit, end);
      }
      add(index, start, cut, INSIDE_SENTENCE, limit);
      start = cut;
    }
  }

  /** The end of the word nearest to a position, between start and end, both excluded. */
  private static int wordEnd(String text, int start, int near, int end) {
    int reach = Math.min(200, (end - start) / 4);
    for (int distance = 0; distance <= reach; distance++) {
      for (int at : new int[] {near - distance, near + distance}) {
        if (at > start && at < end && text.charAt(at) == ' ' && text.charAt(at - 1) != ' ') {
          return at;
        }
      }
    }
    int cut = Math.clamp(near, start + 1, end - 1);
    if (Character.isLowSurrogate(text.charAt(cut))
        && Character.isHighSurrogate(text.charAt(cut - 1))) {
      cut = cut - 1 > start ? cut - 1 : Math.min(cut + 1, end);
    }
    return cut;
  }

  private void append(int index, int start, int end, int count, int rankOfStart) {
    if (size == block.length) {
      int larger = size * 2;
      block = Arrays.copyOf(block, larger);
      from = Arrays.copyOf(from, larger);
      to = Arrays.copyOf(to, larger);
      tokens = Arrays.copyOf(tokens, larger);
      rank = Arrays.copyOf(rank, larger);
    }
    block[size] = index;
    from[size] = start;
    to[size] = end;
    tokens[size] = count;
    rank[size] = (byte) rankOfStart;
    size++;
  }
}
