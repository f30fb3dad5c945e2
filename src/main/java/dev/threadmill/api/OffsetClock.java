package dev.threadmill.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/**
 * A clock with an offset that is read from a file and may change at any time. {@code ./threadmill
 * chaos} uses it to set the clock of one of several nodes on a machine. Only a JVM option enables
 * it, and a warning is logged.
 */
public final class OffsetClock implements InstantSource {
  /** The JVM option that names the file. */
  public static final String PROPERTY = "threadmill.chaos.clock";

  private static final Logger LOG = Logger.getLogger(OffsetClock.class);
  private static final long KNOWN_NANOS = Duration.ofMillis(50).toNanos();

  private final Path file;
  private volatile Offset known;

  private record Offset(Duration ahead, long since) {}

  OffsetClock(Path file) {
    LOG.warnf("the time of this node is wrong on purpose, by as much as a file says file=%s", file);
    this.file = file;
    this.known = new Offset(Duration.ZERO, System.nanoTime() - KNOWN_NANOS);
  }

  /**
   * Sets the offset of the clocks that read this file.
   *
   * @param ahead the offset to the real time; negative for earlier
   */
  public static void set(Path file, Duration ahead) throws IOException {
    var whole = Files.writeString(Path.of(file + ".next"), ahead.toString());
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public Instant instant() {
    long now = System.nanoTime();
    var last = known;
    if (now - last.since() >= KNOWN_NANOS) {
      last = new Offset(read(), now);
      known = last;
    }
    return Instant.now().plus(last.ahead());
  }

  private Duration read() {
    try {
      return Duration.parse(Files.readString(file));
    } catch (NoSuchFileException e) {
      return Duration.ZERO; // no offset was set yet
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
