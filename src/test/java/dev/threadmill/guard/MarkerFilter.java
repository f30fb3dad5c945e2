package dev.threadmill.guard;

import jakarta.enterprise.context.ApplicationScoped;

/**
 * A filter that is added to the server in tests: it replaces whatever stands between ⟦ and ⟧, and
 * holds text back until it has seen the end. It rejects {@link #FORBIDDEN}. All other text passes
 * unchanged.
 */
@ApplicationScoped
class MarkerFilter implements ContentFilter {
  static final String SECRET = "⟦secret⟧";
  static final String REPLACED = "[removed]";
  static final String FORBIDDEN = "⟦forbidden⟧";
  static final String REASON = "It has what no text may have.";

  @Override
  public ContentStream open(ContentSource source) {
    return new ContentStream() {
      private final StringBuilder heldBack = new StringBuilder();

      @Override
      public String next(String piece) {
        heldBack.append(piece);
        var passed = new StringBuilder();
        while (true) {
          int begin = heldBack.indexOf("⟦");
          int end = heldBack.indexOf("⟧", Math.max(0, begin));
          if (begin < 0) {
            return passed.append(take(heldBack.length())).toString();
          }
          passed.append(take(begin));
          if (end < 0) {
            return passed.toString();
          }
          if (take(end - begin + 1).equals(FORBIDDEN)) {
            throw new ContentRejectedException(REASON);
          }
          passed.append(REPLACED);
        }
      }

      @Override
      public String end() {
        return take(heldBack.length());
      }

      private String take(int length) {
        var taken = heldBack.substring(0, length);
        heldBack.delete(0, length);
        return taken;
      }
    };
  }
}
