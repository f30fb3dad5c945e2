package dev.threadmill.guard;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Strict safety: replaces links and images that lead to other hosts than those allowed, in answers
 * of models, in the arguments of their calls and in outputs of tools; and takes out of outputs what
 * people do not see but models read. Lets everything else pass.
 */
@ApplicationScoped
@Priority(StrictSafetyFilter.ORDER)
class StrictSafetyFilter implements ContentFilter {
  static final int ORDER = 100;

  @Override
  public ContentStream open(ContentSource source) {
    var policy = source.safety();
    if (policy == null) {
      return null;
    }
    return switch (source.gate()) {
      case INPUT -> null;
      case MODEL -> new LinkStream(policy);
      case TOOL -> new Joined(new HiddenTextStream(policy), new LinkStream(policy));
    };
  }

  /** One stream behind the other. */
  private record Joined(ContentStream first, ContentStream second) implements ContentStream {
    @Override
    public String next(String piece) {
      return second.next(first.next(piece));
    }

    @Override
    public String end() {
      return second.next(first.end()) + second.end();
    }
  }
}
