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
 * A clock that is wrong by as much as a file says, which may change at any time: how {@code
 * ./threadmill chaos} sets the clock of one node among others on the same machine. No setting leads
 * here, only an option of the JVM, and whoever gives it is told what it does.
 */
public final class OffsetClock implements InstantSource {
  /** The option of the JVM that names the file. */
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
   * Steps the clocks that go by this file.
   *
   * @param ahead how much later than it is they say from now on; negative for earlier
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
      return Duration.ZERO; // nobody has stepped it yet
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
