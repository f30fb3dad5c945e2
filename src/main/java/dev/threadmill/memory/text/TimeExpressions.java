package dev.threadmill.memory.text;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Month;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Parses expressions of time in a query, such as "yesterday" or "in March". */
public final class TimeExpressions {
  private static final String MONTHS =
      "january|february|march|april|may|june|july|august|september|october|november|december";
  private static final Pattern ISO_DAY = Pattern.compile("\\b(\\d{4})-(\\d{2})-(\\d{2})\\b");
  private static final Pattern NEAR_DAY = words("(today|yesterday|the day before yesterday)");
  private static final Pattern AGO =
      words("(\\d{1,3}|an?|one|two|three|four|five|six) (day|week|month|year)s? ago");
  private static final Pattern NEAR_SPAN = words("(this|last|past|previous) (week|month|year)");
  private static final Pattern WEEKDAY =
      words("(?:on|last) (monday|tuesday|wednesday|thursday|friday|saturday|sunday)");
  private static final Pattern DAY_OF_MONTH =
      words("(?:on )?(?:the )?(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (" + MONTHS + ")(?: (\\d{4}))?");
  private static final Pattern MONTH_DAY =
      words("(" + MONTHS + ") (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?");
  private static final Pattern MONTH =
      words("(?:in|since|during|last|this) (" + MONTHS + ")(?: (\\d{4}))?");
  private static final Pattern YEAR = words("in (\\d{4})");

  private TimeExpressions() {}

  /** A range of time, {@code to} exclusive. */
  public record TimeRange(Instant from, Instant to) {
    public boolean contains(Instant time) {
      return !time.isBefore(from) && time.isBefore(to);
    }

    private static TimeRange of(LocalDate from, LocalDate to) {
      return new TimeRange(
          from.atStartOfDay(ZoneOffset.UTC).toInstant(),
          to.atStartOfDay(ZoneOffset.UTC).toInstant());
    }

    private static TimeRange ofDay(LocalDate day) {
      return of(day, day.plusDays(1));
    }
  }

  /** The time range that a text mentions, if it mentions one. */
  static Optional<TimeRange> in(String text, Instant now) {
    var today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    try {
      return first(ISO_DAY, text)
          .map(m -> TimeRange.ofDay(LocalDate.of(number(m, 1), number(m, 2), number(m, 3))))
          .or(() -> first(DAY_OF_MONTH, text).map(m -> day(m, 1, 2, today)))
          .or(() -> first(MONTH_DAY, text).map(m -> day(m, 2, 1, today)))
          .or(() -> first(NEAR_DAY, text).map(m -> nearDay(m.group(1), today)))
          .or(() -> first(AGO, text).map(m -> ago(m, today)))
          .or(() -> first(NEAR_SPAN, text).map(m -> nearSpan(m, today)))
          .or(() -> first(WEEKDAY, text).map(m -> weekday(m, today)))
          .or(() -> first(MONTH, text).map(m -> month(m, today)))
          .or(() -> first(YEAR, text).map(m -> year(number(m, 1))));
    } catch (java.time.DateTimeException e) {
      return Optional.empty();
    }
  }

  private static TimeRange nearDay(String word, LocalDate today) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "today" -> TimeRange.ofDay(today);
      case "yesterday" -> TimeRange.ofDay(today.minusDays(1));
      default -> TimeRange.ofDay(today.minusDays(2));
    };
  }

  /** Half a unit to either side: "two months ago" is less exact than "two days ago". */
  private static TimeRange ago(MatchResult match, LocalDate today) {
    int count =
        switch (match.group(1).toLowerCase(Locale.ROOT)) {
          case "a", "an", "one" -> 1;
          case "two" -> 2;
          case "three" -> 3;
          case "four" -> 4;
          case "five" -> 5;
          case "six" -> 6;
          default -> number(match, 1);
        };
    return switch (match.group(2).toLowerCase(Locale.ROOT)) {
      case "day" -> TimeRange.ofDay(today.minusDays(count));
      case "week" -> around(today.minusWeeks(count), Period.ofDays(4));
      case "month" -> around(today.minusMonths(count), Period.ofDays(16));
      default -> around(today.minusYears(count), Period.ofMonths(6));
    };
  }

  private static TimeRange around(LocalDate day, Period half) {
    return TimeRange.of(day.minus(half), day.plus(half).plusDays(1));
  }

  private static TimeRange nearSpan(MatchResult match, LocalDate today) {
    boolean present = match.group(1).equalsIgnoreCase("this");
    return switch (match.group(2).toLowerCase(Locale.ROOT)) {
      case "week" -> {
        var monday = today.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
        yield present
            ? TimeRange.of(monday, monday.plusWeeks(1))
            : TimeRange.of(monday.minusWeeks(1), monday);
      }
      case "month" -> {
        var first = today.withDayOfMonth(1);
        yield present
            ? TimeRange.of(first, first.plusMonths(1))
            : TimeRange.of(first.minusMonths(1), first);
      }
      default -> year(present ? today.getYear() : today.getYear() - 1);
    };
  }

  private static TimeRange weekday(MatchResult match, LocalDate today) {
    var day = DayOfWeek.valueOf(match.group(1).toUpperCase(Locale.ROOT));
    return TimeRange.ofDay(today.with(TemporalAdjusters.previous(day)));
  }

  private static TimeRange day(MatchResult match, int day, int month, LocalDate today) {
    var named = Month.valueOf(match.group(month).toUpperCase(Locale.ROOT));
    int year = match.group(3) != null ? number(match, 3) : today.getYear();
    var date = LocalDate.of(year, named, number(match, day));
    return TimeRange.ofDay(
        match.group(3) == null && date.isAfter(today) ? date.minusYears(1) : date);
  }

  private static TimeRange month(MatchResult match, LocalDate today) {
    var named = Month.valueOf(match.group(1).toUpperCase(Locale.ROOT));
    int year = match.group(2) != null ? number(match, 2) : today.getYear();
    var first = LocalDate.of(year, named, 1);
    if (match.group(2) == null && first.isAfter(today)) {
      first = first.minusYears(1);
    }
    return TimeRange.of(first, first.plusMonths(1));
  }

  private static TimeRange year(int year) {
    return TimeRange.of(LocalDate.of(year, 1, 1), LocalDate.of(year + 1, 1, 1));
  }

  private static Optional<MatchResult> first(Pattern pattern, String text) {
    var matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.toMatchResult()) : Optional.empty();
  }

  private static int number(MatchResult match, int group) {
    return Integer.parseInt(match.group(group));
  }

  private static Pattern words(String pattern) {
    return Pattern.compile("\\b" + pattern + "\\b", Pattern.CASE_INSENSITIVE);
  }
}
