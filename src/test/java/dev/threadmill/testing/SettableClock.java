package dev.threadmill.testing;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The clock of the server under test: the system's, unless a test has advanced or stopped it. All
 * tests share it, so a test that does so must reset it.
 */
@ApplicationScoped
public class SettableClock implements InstantSource {
  private volatile Duration ahead = Duration.ZERO;
  private volatile Instant stoppedAt;

  @Override
  public Instant instant() {
    var stopped = stoppedAt;
    return (stopped == null ? Instant.now() : stopped).plus(ahead);
  }

  /** Stops the time, for what changes with it; it can still be advanced. */
  public void stop() {
    stoppedAt = Instant.now();
  }

  /** Advances the time. */
  public void advance(Duration by) {
    ahead = ahead.plus(by);
  }

  /** Returns to the system's time. */
  public void reset() {
    ahead = Duration.ZERO;
    stoppedAt = null;
  }
}
