package dev.threadmill.threads;

/**
 * Told on this node once messages are committed, so that nobody has to look for them again and
 * again. A hint, not a record: whoever must not miss a message looks into the tables as well.
 */
public record MessagesAdded() {
  public static final MessagesAdded INSTANCE = new MessagesAdded();
}
