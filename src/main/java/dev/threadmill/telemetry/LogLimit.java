package dev.threadmill.telemetry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Lets through a hundred records of one kind in a minute. A project whose every call fails could
 * fill the log otherwise. Records are of one kind if they have the same logger, level and format.
 * The last record before the limit says that more are left out, and the next one after the minute
 * says how many.
 */
final class LogLimit implements Filter {
  static final int MAX_PER_MINUTE = 100;
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
  private static final int MAX_KINDS = 2_000;

  /** Some libraries log texts without a format; their beginnings tell the kinds apart. */
  private static final int MAX_FORMAT_LENGTH = 60;

  private final LongSupplier nanoTime;
  private final Cache<Kind, Count> counts = Caffeine.newBuilder().maximumSize(MAX_KINDS).build();

  private record Kind(String logger, Level level, String format) {
    static Kind of(LogRecord logged) {
      var format = String.valueOf(logged.getMessage());
      return new Kind(
          logged.getLoggerName(),
          logged.getLevel(),
          format.substring(0, Math.min(format.length(), MAX_FORMAT_LENGTH)));
    }
  }

  /** The records of a kind in the current minute. */
  private static final class Count {
    private long since;
    private long seen;

    Count(long now) {
      since = now;
    }

    /** The text to append to the record; null if the record is left out. */
    synchronized String next(long now) {
      long leftOut = 0;
      if (now - since >= MINUTE) {
        leftOut = Math.max(0, seen - MAX_PER_MINUTE);
        since = now;
        seen = 0;
      }
      seen++;
      if (seen > MAX_PER_MINUTE) {
        return null;
      }
      if (leftOut > 0) {
        return " (%d more like this one were left out)".formatted(leftOut);
      }
      return seen == MAX_PER_MINUTE ? " (more like this one are left out for a minute)" : "";
    }
  }

  /**
   * @param nanoTime the time, in terms of {@link System#nanoTime}
   */
  LogLimit(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean isLoggable(LogRecord logged) {
    long now = nanoTime.getAsLong();
    var note = counts.get(Kind.of(logged), _ -> new Count(now)).next(now);
    if (note == null) {
      return false;
    }
    if (!note.isEmpty()) {
      var record = ExtLogRecord.wrap(logged);
      record.setMessage(record.getFormattedMessage() + note, ExtLogRecord.FormatStyle.NO_FORMAT);
      record.setParameters(null);
    }
    return true;
  }
}
