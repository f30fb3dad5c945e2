package dev.threadmill.guard;

import dev.threadmill.api.StorableText;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Replaces what the database cannot store and no JSON may hold. It comes behind all other filters,
 * so that nothing of what they add gets by it.
 */
@ApplicationScoped
@Priority(StorableTextFilter.LAST)
class StorableTextFilter implements ContentFilter {
  static final int LAST = Integer.MIN_VALUE;

  @Override
  public ContentStream open(ContentSource source) {
    return new Stream();
  }

  @Override
  public String apply(ContentSource source, String text) {
    return StorableText.of(text);
  }

  private static final class Stream implements ContentStream {
    private final StorableText.Stream text = new StorableText.Stream();

    @Override
    public String next(String piece) {
      return text.next(piece);
    }

    @Override
    public String end() {
      return text.end();
    }
  }
}
