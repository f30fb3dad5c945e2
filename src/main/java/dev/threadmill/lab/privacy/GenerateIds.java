package dev.threadmill.lab.privacy;

import java.util.Random;
import org.apache.commons.validator.routines.checkdigit.CheckDigit;
import org.apache.commons.validator.routines.checkdigit.CheckDigitException;
import org.apache.commons.validator.routines.checkdigit.EAN13CheckDigit;
import org.apache.commons.validator.routines.checkdigit.LuhnCheckDigit;
import org.apache.commons.validator.routines.checkdigit.VerhoeffCheckDigit;

/** Makes numbers of persons with valid check digits, as each country writes them. */
final class GenerateIds {
  private static final String DNI = "TRWAGMYFPDXBNJZSQVHLCKE";
  private static final String CONSONANTS = "BCDFGHLMNPRSTVZ";
  private static final String MONTHS = "ABCDEHLMPRST";

  /** The values of 0 to 9, and of A to Z, at odd places of a codice fiscale. */
  private static final int[] ODD_DIGITS = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};

  private static final int[] ODD_LETTERS = {
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23
  };

  private final Random random;

  GenerateIds(Random random) {
    this.random = random;
  }

  private int from(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  private String digits(int count) {
    var digits = new StringBuilder();
    for (int i = 0; i < count; i++) {
      digits.append(random.nextInt(10));
    }
    return digits.toString();
  }

  private static String checked(CheckDigit algorithm, String digits) {
    try {
      return digits + algorithm.calculate(digits);
    } catch (CheckDigitException e) {
      throw new IllegalArgumentException(digits, e);
    }
  }

  private static int sum(String digits, int... weights) {
    int sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += (digits.charAt(i) - '0') * weights[i];
    }
    return sum;
  }

  String card() {
    var start = new String[] {"4", "51", "55", "2221", "37", "6011", "3530"}[random.nextInt(7)];
    int length = start.equals("37") ? 15 : 16;
    var card =
        checked(LuhnCheckDigit.LUHN_CHECK_DIGIT, start + digits(length - 1 - start.length()));
    if (length == 15) {
      return random.nextBoolean() ? card : card.replaceAll("(\\d{4})(\\d{6})(\\d{5})", "$1 $2 $3");
    }
    return switch (random.nextInt(3)) {
      case 0 -> card;
      case 1 -> card.replaceAll("(\\d{4})(?=\\d)", "$1 ");
      default -> card.replaceAll("(\\d{4})(?=\\d)", "$1-");
    };
  }

  String unitedStates() {
    return "%03d-%02d-%04d".formatted(from(1, 665), from(1, 99), from(1, 9999));
  }

  String britain() {
    return "%s%s %s %s %s %s"
        .formatted(
            "ABCEHJ".charAt(random.nextInt(6)),
            "ABCEHJ".charAt(random.nextInt(6)),
            digits(2),
            digits(2),
            digits(2),
            "ABCD".charAt(random.nextInt(4)));
  }

  /** Ten digits of which one occurs twice. */
  String germany() {
    var all = new StringBuilder("0123456789");
    var digits = new StringBuilder();
    while (all.length() > 1) {
      int at = random.nextInt(all.length());
      digits.append(all.charAt(at));
      all.deleteCharAt(at);
    }
    int repeated = random.nextInt(7);
    digits.append(digits.charAt(repeated));
    if (digits.charAt(0) == '0') {
      digits.reverse();
    }
    if (digits.charAt(0) == '0') {
      return germany();
    }
    int rest = 10;
    for (int i = 0; i < 10; i++) {
      int step = (digits.charAt(i) - '0' + rest) % 10;
      rest = (step == 0 ? 10 : step) * 2 % 11;
    }
    var id = digits.append((11 - rest) % 10).toString();
    return random.nextBoolean()
        ? id
        : id.replaceAll("(\\d{2})(\\d{3})(\\d{3})(\\d{3})", "$1 $2 $3 $4");
  }

  String france() {
    var id =
        "%d%02d%02d%02d%03d%03d"
            .formatted(
                from(1, 2), from(0, 99), from(1, 12), from(1, 19), from(1, 999), from(1, 999));
    var whole = id + "%02d".formatted(97 - Long.parseLong(id) % 97);
    return random.nextBoolean()
        ? whole
        : whole.replaceAll(
            "(\\d)(\\d{2})(\\d{2})(\\d{2})(\\d{3})(\\d{3})(\\d{2})", "$1 $2 $3 $4 $5 $6 $7");
  }

  String spain() {
    if (random.nextBoolean()) {
      int number = from(10_000_000, 99_999_999);
      return number + "" + DNI.charAt(number % 23);
    }
    int first = random.nextInt(3);
    int number = from(0, 9_999_999);
    return "XYZ".charAt(first)
        + "%07d".formatted(number)
        + DNI.charAt((first * 10_000_000 + number) % 23);
  }

  String italy() {
    var id = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      id.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
    }
    id.append("%02d".formatted(from(0, 99))).append(MONTHS.charAt(random.nextInt(12)));
    id.append("%02d".formatted(from(1, 31))).append('H').append(digits(3));
    int sum = 0;
    for (int i = 0; i < 15; i++) {
      char c = id.charAt(i);
      boolean isDigit = Character.isDigit(c);
      int value = isDigit ? c - '0' : c - 'A';
      sum += i % 2 == 0 ? (isDigit ? ODD_DIGITS[value] : ODD_LETTERS[value]) : value;
    }
    return id.append((char) ('A' + sum % 26)).toString();
  }

  String netherlands() {
    while (true) {
      var start = from(1, 9) + digits(7);
      int check = sum(start, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
      if (check < 10) {
        return start + check;
      }
    }
  }

  String poland() {
    var start = "%02d%02d%02d".formatted(from(0, 99), from(1, 12), from(1, 28)) + digits(4);
    return start + (10 - sum(start, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3) % 10) % 10;
  }

  String brazil() {
    var start = digits(9);
    var ten = start + remainder(sum(start, 10, 9, 8, 7, 6, 5, 4, 3, 2));
    var all = ten + remainder(sum(ten, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2));
    return all.replaceAll("(\\d{3})(\\d{3})(\\d{3})(\\d{2})", "$1.$2.$3-$4");
  }

  private static int remainder(int sum) {
    int rest = 11 - sum % 11;
    return rest > 9 ? 0 : rest;
  }

  String india() {
    var id = checked(VerhoeffCheckDigit.VERHOEFF_CHECK_DIGIT, from(2, 9) + digits(10));
    return id.replaceAll("(\\d{4})(\\d{4})(\\d{4})", "$1 $2 $3");
  }

  String sweden() {
    var start = "%02d%02d%02d".formatted(from(0, 99), from(1, 12), from(1, 28)) + digits(3);
    var id = checked(LuhnCheckDigit.LUHN_CHECK_DIGIT, start);
    return id.substring(0, 6) + "-" + id.substring(6);
  }

  String switzerland() {
    var id = checked(EAN13CheckDigit.EAN13_CHECK_DIGIT, "756" + digits(9));
    return id.replaceAll("(\\d{3})(\\d{4})(\\d{4})(\\d{2})", "$1.$2.$3.$4");
  }

  String turkey() {
    var nine = from(1, 9) + digits(8);
    int odd = sum(nine, 1, 0, 1, 0, 1, 0, 1, 0, 1);
    int even = sum(nine, 0, 1, 0, 1, 0, 1, 0, 1, 0);
    int tenth = (odd * 7 + 10 * 36 - even) % 10;
    return nine + tenth + (odd + even + tenth) % 10;
  }

  String russia() {
    var nine = from(1, 9) + digits(8);
    int check = sum(nine, 9, 8, 7, 6, 5, 4, 3, 2, 1) % 101 % 100;
    return nine.replaceAll("(\\d{3})(\\d{3})(\\d{3})", "$1-$2-$3") + " %02d".formatted(check);
  }

  String china() {
    var start =
        "110105%04d%02d%02d".formatted(from(1930, 2010), from(1, 12), from(1, 28)) + digits(3);
    int rest = sum(start, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2) % 11;
    int check = (12 - rest) % 11;
    return start + (check == 10 ? "X" : Integer.toString(check));
  }
}
