package dev.threadmill.guard;

/**
 * Sees the texts that docs/architecture.md lists, and may change or reject them. Each bean of this
 * type is applied to each of them, in the order of their priorities; {@link StorableTextFilter}
 * comes last.
 *
 * <p>Text comes whole or as a stream. Both shapes give the same text: what a stream lets pass,
 * joined together, is what {@link #apply} returns for the joined pieces.
 */
public interface ContentFilter {

  /**
   * A filter for one stream of text, which is used by one thread at a time.
   *
   * <p>Its methods throw {@link ContentRejectedException} to reject the rest of the text.
   *
   * @return null if the filter lets all text of this source pass unchanged
   */
  ContentStream open(ContentSource source);

  /**
   * The text as it may pass.
   *
   * @throws ContentRejectedException if it may not pass at all
   */
  default String apply(ContentSource source, String text) {
    var stream = open(source);
    return stream == null ? text : stream.next(text) + stream.end();
  }
}
