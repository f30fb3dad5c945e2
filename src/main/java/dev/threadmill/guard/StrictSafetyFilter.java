package dev.threadmill.guard;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Strict safety for answers: replaces links and images that lead to other hosts than those allowed,
 * in texts of models and in the arguments of their calls. {@link StrictSafety} is for outputs.
 */
@ApplicationScoped
@Priority(StrictSafetyFilter.ORDER)
class StrictSafetyFilter implements ContentFilter {
  static final int ORDER = 100;

  @Override
  public ContentStream open(ContentSource source) {
    var policy = source.safety();
    return policy != null && source.gate() == ContentSource.Gate.MODEL
        ? new LinkStream(policy)
        : null;
  }
}
