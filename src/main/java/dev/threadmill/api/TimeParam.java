package dev.threadmill.api;

import java.time.DateTimeException;
import java.time.Instant;

/** A time in a query: Unix seconds, or ISO 8601 with a zone. */
public final class TimeParam {
  /** The end of the year 9999 in Unix seconds; Postgres can store it. */
  public static final long LATEST = 253_402_300_799L;

  private TimeParam() {}

  /**
   * Parses a time from 1970 to the end of the year 9999.
   *
   * @param name of the parameter
   * @throws ApiException 400 that names the parameter
   */
  public static Instant parse(String name, String value) {
    try {
      if (value.matches("[0-9]{1,12}")) {
        long seconds = Long.parseLong(value);
        if (seconds <= LATEST) {
          return Instant.ofEpochSecond(seconds);
        }
      } else {
        var time = Instant.parse(value);
        if (time.getEpochSecond() >= 0 && time.getEpochSecond() <= LATEST) {
          return time;
        }
      }
    } catch (DateTimeException e) {
      // reported below
    }
    throw ApiException.invalid(
        name,
        "Invalid '%s': expected Unix seconds, or a time such as 2026-06-01T12:00:00Z."
            .formatted(name));
  }
}
