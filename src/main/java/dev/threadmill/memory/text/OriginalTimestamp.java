package dev.threadmill.memory.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.Month;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Parses the original time of an imported message from its metadata or from the beginning of its
 * text. Its creation time is that of the import.
 */
public final class OriginalTimestamp {
  private static final List<String> KEYS =
      List.of(
          "said_at",
          "timestamp",
          "datetime",
          "date",
          "time",
          "created_at",
          "sent_at",
          "session_date",
          "session_time");

  private static final String MONTHS =
      "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?";
  private static final String DATES =
      "(?<y1>\\d{4})[-/](?<m1>\\d{1,2})[-/](?<d1>\\d{1,2})"
          + "|(?<d2>\\d{1,2})(?:st|nd|rd|th)?(?: of)? (?<m2>%s),? (?<y2>\\d{4})"
          + "|(?<m3>%s) (?<d3>\\d{1,2})(?:st|nd|rd|th)?,? (?<y3>\\d{4})";
  private static final Pattern DATE = pattern("%s");

  /** What may precede a date: "1:56 pm on", "Monday,". */
  private static final String BEFORE =
      "(?:\\d{1,2}:\\d{2}(?::\\d{2})?\\s*(?:am|pm)?,?\\s*(?:on )?)?"
          + "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\\.?,? )?";

  /** The forms of a timestamp. A text may also begin with a date that it is about. */
  private static final List<Pattern> HEADS =
      List.of(
          pattern("^\\s*[\\[(]\\s*" + BEFORE + "(?:%s)"),
          pattern("^\\W{0,6}(?:session|date|time|chat|conversation)\\b.{0,30}?(?:%s)"),
          pattern(
              "^\\s*"
                  + BEFORE
                  + "(?:%s)(?:[T,]? ?\\d{1,2}:\\d{2}(?::\\d{2})?\\s*(?:am|pm)?)?\\s*(?:[:|—–\\n"
                  + "]|- |$)"));

  private static final Pattern CLOCK =
      Pattern.compile("\\b(\\d{1,2}):(\\d{2})(?::\\d{2})?\\s*(am|pm)?", Pattern.CASE_INSENSITIVE);
  private static final Pattern EPOCH = Pattern.compile("\\d{9,10}|\\d{12,13}");
  private static final int LONGEST_HEAD = 80;
  private static final Instant EARLIEST = Instant.parse("1970-01-02T00:00:00Z");
  private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

  private OriginalTimestamp() {}

  /**
   * The original time of a message; empty if it has none.
   *
   * @param metadata of the message; null if it has none
   */
  public static Optional<Instant> of(JsonNode metadata, String text) {
    if (metadata != null) {
      for (var key : KEYS) {
        var time = in(metadata.path(key).asText(""));
        if (time.isPresent()) {
          return time;
        }
      }
    }
    var head = text.substring(0, Math.min(text.length(), LONGEST_HEAD));
    return HEADS.stream()
        .flatMap(form -> form.matcher(head).results())
        .findFirst()
        .flatMap(match -> read(match, head));
  }

  private static Pattern pattern(String form) {
    return Pattern.compile(
        form.formatted(DATES.formatted(MONTHS, MONTHS)), Pattern.CASE_INSENSITIVE);
  }

  /** The time in a value of metadata. */
  static Optional<Instant> in(String value) {
    if (value.isEmpty() || value.length() > LONGEST_HEAD) {
      return Optional.empty();
    }
    if (EPOCH.matcher(value).matches()) {
      long number = Long.parseLong(value);
      return sane(
          value.length() > 10 ? Instant.ofEpochMilli(number) : Instant.ofEpochSecond(number));
    }
    try {
      return sane(Instant.parse(value));
    } catch (DateTimeException e) {
      return DATE.matcher(value).results().findFirst().flatMap(match -> read(match, value));
    }
  }

  private static Optional<Instant> read(MatchResult match, String text) {
    try {
      for (int form = 1; form <= 3; form++) {
        var year = match.group("y" + form);
        if (year != null) {
          var day =
              LocalDate.of(
                  Integer.parseInt(year),
                  month(match.group("m" + form)),
                  Integer.parseInt(match.group("d" + form)));
          return sane(day.atTime(clock(text)).toInstant(ZoneOffset.UTC));
        }
      }
      return Optional.empty();
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static int month(String text) {
    if (Character.isDigit(text.charAt(0))) {
      return Integer.parseInt(text);
    }
    var begin = text.substring(0, 3).toUpperCase(Locale.ROOT);
    for (var month : Month.values()) {
      if (month.name().startsWith(begin)) {
        return month.getValue();
      }
    }
    throw new DateTimeException(text);
  }

  /** The time of day; noon if there is none. */
  private static LocalTime clock(String text) {
    var match = CLOCK.matcher(text);
    if (!match.find()) {
      return LocalTime.NOON;
    }
    int hour = Integer.parseInt(match.group(1));
    if (match.group(3) != null) {
      hour = hour % 12 + (match.group(3).equalsIgnoreCase("pm") ? 12 : 0);
    }
    return LocalTime.of(hour, Integer.parseInt(match.group(2)));
  }

  private static Optional<Instant> sane(Instant time) {
    return Optional.of(time).filter(at -> at.isAfter(EARLIEST) && at.isBefore(LATEST));
  }
}
