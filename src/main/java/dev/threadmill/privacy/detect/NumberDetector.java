package dev.threadmill.privacy.detect;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Numbers that consist of digits: cards, national ids, telephone numbers. Digits in groups are
 * taken together as long as check digits or a numbering plan say that they are one number.
 */
final class NumberDetector implements Detector {
  /** Digits, possibly in groups. */
  private static final Pattern RUN =
      Pattern.compile(
          "(?<!"
              + Boundary.IN_WORD
              + "|_|"
              + Boundary.IN_WORD
              + "[-/])(?:\\+|\uFF0B|\\(\\+?)?\\d(?:[ \u00a0\u202f.\\-\u2010\u2011\u2013/()]{0,2}\\d){5,38}(?!\\d)");

  private static final Pattern GROUP = Pattern.compile("\\d+");

  private static final Pattern DATE =
      Pattern.compile(
          "(?<!\\d)(?:\\d{1,2}[./-]\\d{1,2}[./-](?:19|20)\\d{2}|(?:19|20)\\d{2}[./-]\\d{1,2}[./-]\\d{1,2})(?!\\d)");

  private static final Pattern CARD_FORM =
      Pattern.compile(
          "\\d{12,19}|\\d{4}([ -])\\d{4}\\1\\d{4}\\1\\d{1,4}(?:\\1\\d{1,3})?|\\d{4}([ -])\\d{6}\\2\\d{4,5}");

  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){3}");

  private static final Pattern CARD_START = Pattern.compile("(?:3[0-9]|4|5|6|2[2-7]|62).*");

  /** No number is written in more groups. */
  private static final int MAX_GROUPS = 9;

  private static final int MAX_DIGITS = 19;
  private static final int MIN_DIGITS = 6;

  @Override
  public void find(String text, Consumer<Finding> findings) {
    var run = RUN.matcher(text);
    while (run.find()) {
      new Run(text, run.start(), run.end(), findings).find();
    }
  }

  private static final class Run {
    private final String text;
    private final int start;
    private final Consumer<Finding> findings;
    private final List<int[]> groups = new ArrayList<>();
    private final List<int[]> dates = new ArrayList<>();
    private String before;
    private Boolean isAfterPhoneWord;

    Run(String text, int start, int end, Consumer<Finding> findings) {
      this.text = text;
      this.start = start;
      this.findings = findings;
      var group = GROUP.matcher(text).region(start, end);
      while (group.find()) {
        groups.add(new int[] {group.start(), group.end()});
      }
      var date = DATE.matcher(text).region(start, end);
      while (date.find()) {
        dates.add(new int[] {date.start(), date.end()});
      }
    }

    void find() {
      for (int first = 0; first < groups.size(); first++) {
        int last = longest(first);
        if (last >= 0) {
          first = last;
        }
      }
    }

    /** The last group of the longest number that begins with this group; -1 if none does. */
    private int longest(int first) {
      var digits = new StringBuilder();
      var lengths = new ArrayList<Integer>();
      for (int i = first;
          i < Math.min(groups.size(), first + MAX_GROUPS) && digits.length() <= MAX_DIGITS;
          i++) {
        digits.append(text, groups.get(i)[0], groups.get(i)[1]);
        lengths.add(digits.length());
      }
      for (int i = lengths.size() - 1; i >= 0; i--) {
        int length = lengths.get(i);
        // Single digits in a row are a list.
        boolean isOneNumber = length >= 2 * i;
        if (isOneNumber && length >= MIN_DIGITS && length <= MAX_DIGITS) {
          int last = first + i;
          if (isNumber(first, last, digits.substring(0, length))) {
            return last;
          }
        }
      }
      return -1;
    }

    private boolean isNumber(int first, int last, String digits) {
      int from = groups.get(first)[0];
      int to = groups.get(last)[1];
      var written = text.substring(from, to);
      int sign = signBefore(from);
      boolean isDialled = sign < from || isAfterPhoneWord() && digits.startsWith("0");
      if (isDialled && isPhone(first, sign, from, to, digits)) {
        return accept(EntityKind.PHONE, sign, to);
      }
      if (!isPartOfDecimal(from, to) && !IPV4.matcher(written).matches()) {
        if (isCard(digits, written)) {
          return accept(EntityKind.CREDIT_CARD, from, to);
        }
        if (NationalIds.hasLength(digits.length())
            && NationalIds.isOne(digits, written, before())) {
          return accept(EntityKind.NATIONAL_ID, from, to);
        }
      }
      return !isDialled
          && isPhone(first, sign, from, to, digits)
          && accept(EntityKind.PHONE, sign, to);
    }

    private boolean isPhone(int first, int sign, int from, int to, String digits) {
      return !overlapsDate(from, to)
          && PhoneNumbers.isOne(
              text.substring(sign, to), digits, first == 0 && isAfterPhoneWord(), first == 0);
    }

    private boolean accept(EntityKind kind, int from, int to) {
      findings.accept(new Finding(kind, from, to));
      return true;
    }

    /** Where a plus sign or bracket before the digits begins. */
    private int signBefore(int from) {
      int at = from;
      while (at > start && "+(\uFF0B".indexOf(text.charAt(at - 1)) >= 0) {
        at--;
      }
      return at;
    }

    private boolean isPartOfDecimal(int from, int to) {
      boolean isAfter =
          from > 1
              && ".,".indexOf(text.charAt(from - 1)) >= 0
              && Character.isDigit(text.charAt(from - 2));
      boolean isBefore =
          to + 1 < text.length()
              && ".,".indexOf(text.charAt(to)) >= 0
              && Character.isDigit(text.charAt(to + 1));
      return isAfter || isBefore;
    }

    private boolean overlapsDate(int from, int to) {
      return dates.stream().anyMatch(date -> date[0] < to && from < date[1]);
    }

    private boolean isAfterPhoneWord() {
      if (isAfterPhoneWord == null) {
        isAfterPhoneWord = PhoneNumbers.isContext(before());
      }
      return isAfterPhoneWord;
    }

    private String before() {
      if (before == null) {
        before =
            text.substring(Math.max(0, start - PersonalData.CONTEXT), start)
                .toLowerCase(Locale.ROOT);
      }
      return before;
    }
  }

  private static boolean isCard(String digits, String written) {
    return digits.length() >= 13
        && CARD_START.matcher(digits).matches()
        && CARD_FORM.matcher(written).matches()
        && digits.chars().distinct().count() > 1
        && CheckDigits.luhn(digits);
  }
}
