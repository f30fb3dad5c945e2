package dev.threadmill.threads;

/**
 * Fired on this node after messages are committed, in place of polling. A hint that can be lost:
 * observers that must not miss a message also look into the tables at an interval.
 */
public record MessagesAdded() {
  public static final MessagesAdded INSTANCE = new MessagesAdded();
}
