package dev.threadmill.egress;

import java.time.Duration;

/**
 * The time limits of one request.
 *
 * @param firstByte for the connection and the head of the response; null for no limit of its own
 * @param betweenBytes between two chunks of the response; null for no limit of its own
 * @param total for everything, redirects and reading included; null for no limit
 */
public record Timeouts(Duration firstByte, Duration betweenBytes, Duration total) {
  private static final Duration LONGEST = Duration.ofDays(1);

  /** A limit for the whole request and no other. */
  public static Timeouts total(Duration total) {
    return new Timeouts(null, null, total);
  }

  /** When the request has to be done, in terms of {@link System#nanoTime}. */
  long deadline() {
    return System.nanoTime() + orLongest(total).toNanos();
  }

  /** The limit for the head, with what is left until the deadline. */
  Duration untilHead(long deadline) {
    return earlier(firstByte, deadline);
  }

  /** The limit for the next chunk, with what is left until the deadline. */
  Duration untilNext(long deadline) {
    return earlier(betweenBytes, deadline);
  }

  private static Duration earlier(Duration limit, long deadline) {
    var left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    var own = orLongest(limit);
    return own.compareTo(left) < 0 ? own : left;
  }

  private static Duration orLongest(Duration limit) {
    return limit == null || limit.compareTo(LONGEST) > 0 ? LONGEST : limit;
  }
}
