package dev.threadmill.sandbox;

/**
 * Whether this node can run code.
 *
 * @param line one plain line: what code runs in, or why it cannot run and what to do about it
 */
public record Availability(boolean isAvailable, String line) {
  static Availability on(String line) {
    return new Availability(true, line);
  }

  static Availability off(String line) {
    return new Availability(false, line);
  }
}
