package dev.threadmill.memory.recall;

/**
 * How a question's term is looked for. The stemmer knows English; the forms of a long word differ
 * at its end in most languages.
 *
 * @param text what an entry's term is, or begins with
 * @param isPrefix whether what follows does not matter
 */
record TermQuery(String text, boolean isPrefix) {
  private static final int LONG_WORD = 6;

  static TermQuery of(String term) {
    int length = term.codePointCount(0, term.length());
    return length < LONG_WORD
        ? new TermQuery(term, false)
        : new TermQuery(term.substring(0, term.offsetByCodePoints(0, length - 1)), true);
  }
}
