package dev.threadmill.search;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Cuts a text into pieces that an embedding model can take in: whole sentences up to a bound, the
 * last short one repeated at the head of the next piece, so that pronouns at its beginning keep
 * what they refer to.
 */
public final class Chunks {
  /** Some 150 tokens: the length that the embedding models were trained on. */
  public static final int MAX_LENGTH = 700;

  private static final int MAX_OVERLAP = 160;

  private Chunks() {}

  /**
   * A piece of a text.
   *
   * @param startOffset the first character's place, counted in code points as SQL does
   * @param endOffset the place after the last
   */
  public record Chunk(String text, int startOffset, int endOffset) {}

  /** The pieces of a text in their order; none if it is blank. */
  public static List<Chunk> of(String text) {
    if (text.isBlank()) {
      return List.of();
    }
    if (text.length() <= MAX_LENGTH) {
      return List.of(new Chunk(text, 0, text.codePointCount(0, text.length())));
    }
    var pieces = new ArrayList<Chunk>();
    var ends = sentenceEnds(text);
    int begin = 0;
    int sentence = 0;
    int codePoints = 0;
    int counted = 0;
    while (begin < text.length()) {
      int end = ends.get(sentence);
      while (sentence + 1 < ends.size() && ends.get(sentence + 1) - begin <= MAX_LENGTH) {
        end = ends.get(++sentence);
      }
      if (!text.substring(begin, end).isBlank()) {
        codePoints += text.codePointCount(counted, begin);
        counted = begin;
        pieces.add(
            new Chunk(
                text.substring(begin, end),
                codePoints,
                codePoints + text.codePointCount(begin, end)));
      }
      sentence++;
      if (end >= text.length()) {
        break;
      }
      int last = sentence >= 2 ? ends.get(sentence - 2) : 0;
      boolean repeat = last > begin && end - last <= MAX_OVERLAP;
      begin = repeat ? last : end;
    }
    return pieces;
  }

  /** Where sentences end; one that is too long ends at a space, or anywhere if there is none. */
  private static List<Integer> sentenceEnds(String text) {
    var sentences = BreakIterator.getSentenceInstance(Locale.ROOT);
    sentences.setText(text);
    var ends = new ArrayList<Integer>();
    int from = 0;
    for (int end = sentences.next(); end != BreakIterator.DONE; end = sentences.next()) {
      while (end - from > MAX_LENGTH - MAX_OVERLAP) {
        from = cutBefore(text, from + MAX_LENGTH - MAX_OVERLAP, from);
        ends.add(from);
      }
      if (end > from) {
        ends.add(end);
        from = end;
      }
    }
    return ends;
  }

  private static int cutBefore(String text, int limit, int from) {
    for (int at = limit; at > from + (limit - from) / 2; at--) {
      if (Character.isWhitespace(text.charAt(at - 1))) {
        return at;
      }
    }
    return Character.isLowSurrogate(text.charAt(limit)) ? limit - 1 : limit;
  }
}
