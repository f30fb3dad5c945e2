package dev.threadmill.testing;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The time that the server under test goes by: the system's, unless a test has moved it. All tests
 * share it, so whoever moves it puts it back.
 */
@ApplicationScoped
public class SettableClock implements InstantSource {
  private volatile Duration ahead = Duration.ZERO;

  @Override
  public Instant instant() {
    return Instant.now().plus(ahead);
  }

  /** Lets time pass. */
  public void advance(Duration by) {
    ahead = ahead.plus(by);
  }

  /** Back to the system's time. */
  public void reset() {
    ahead = Duration.ZERO;
  }
}
