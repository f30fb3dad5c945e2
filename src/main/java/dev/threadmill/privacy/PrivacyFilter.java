package dev.threadmill.privacy;

import dev.threadmill.guard.ContentFilter;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.guard.ContentStream;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.function.Supplier;

/**
 * Replaces personal data in every text that passes a gate, also in those of models and tools. It
 * comes before the other filters, which see tokens only.
 */
@ApplicationScoped
@Priority(PrivacyFilter.ORDER)
class PrivacyFilter implements ContentFilter {
  static final int ORDER = 1_000;

  private final Privacy privacy;
  private final Tokenizer tokenizer;
  private final ThreadUsers users;

  PrivacyFilter(Privacy privacy, Tokenizer tokenizer, ThreadUsers users) {
    this.privacy = privacy;
    this.tokenizer = tokenizer;
    this.users = users;
  }

  /** Streams are not sent to the recognizer of names, which reads whole texts. */
  @Override
  public ContentStream open(ContentSource source) {
    var policy = privacy.policy(source.project());
    return policy.isOn()
        ? new PrivacyStream(tokenizer, source.project(), policy.kinds(), owner(source))
        : null;
  }

  @Override
  public String apply(ContentSource source, String text) {
    return tokenizer.apply(source.project(), privacy.policy(source.project()), owner(source), text);
  }

  private Supplier<String> owner(ContentSource source) {
    return () -> Vault.ownerOf(users.of(source.project(), source.thread()));
  }
}
