package dev.threadmill.testing;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The clock of the server under test: the system's, unless a test has advanced it. All tests share
 * it, so a test that advances it must reset it.
 */
@ApplicationScoped
public class SettableClock implements InstantSource {
  private volatile Duration ahead = Duration.ZERO;

  @Override
  public Instant instant() {
    return Instant.now().plus(ahead);
  }

  /** Advances the time. */
  public void advance(Duration by) {
    ahead = ahead.plus(by);
  }

  /** Returns to the system's time. */
  public void reset() {
    ahead = Duration.ZERO;
  }
}
