package dev.threadmill.guard;

/**
 * A stream of text on its way through a filter, which may hold back what it cannot judge yet. Both
 * methods throw {@link ContentRejectedException} if the rest of the text is rejected.
 */
public interface ContentStream {
  /**
   * Takes the next piece.
   *
   * @return what may pass now: this piece, more or less than it, or the empty string
   */
  String next(String piece);

  /** The text ends here. Returns what was held back and may pass; the empty string if nothing. */
  String end();
}
