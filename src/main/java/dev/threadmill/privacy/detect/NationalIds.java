package dev.threadmill.privacy.detect;

import static dev.threadmill.privacy.detect.CheckDigits.digit;
import static dev.threadmill.privacy.detect.CheckDigits.isDate;
import static dev.threadmill.privacy.detect.CheckDigits.number;
import static dev.threadmill.privacy.detect.CheckDigits.weighted;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Numbers of persons and taxpayers that consist of digits. A number is known by its length and
 * check digits; where these are weak, by the way that it is written or the words before it.
 */
final class NationalIds {
  private NationalIds() {}

  /**
   * A kind of number.
   *
   * @param form how it is written where that is enough; null if it never is
   * @param isPlainEnough whether the check digits are enough, however it is written
   * @param context words before it, which are enough together with the check digits; null for none
   */
  private record Rule(
      String name,
      int length,
      Predicate<String> isValid,
      Pattern form,
      boolean isPlainEnough,
      Pattern context) {}

  private static final List<Rule> RULES =
      List.of(
          rule("US SSN", 9, NationalIds::isSsn, "\\d{3}-\\d{2}-\\d{4}", false, "ssn|social sec"),
          rule("CA SIN", 9, CheckDigits::luhn, null, false, "\\bsin\\b|social ins|assurance soc"),
          rule("NL BSN", 9, NationalIds::isBsn, null, false, "bsn|burgerservice|sofi-?num"),
          rule("PT NIF", 9, NationalIds::isNif, null, false, "nif|contribuinte"),
          rule("GB NHS", 10, NationalIds::isNhs, null, false, "nhs"),
          rule(
              "SE personnummer",
              10,
              NationalIds::isPersonnummer,
              "\\d{6}[-+]\\d{4}",
              false,
              "person-?n(?:umme)?r"),
          rule(
              "SE personnummer",
              12,
              digits ->
                  (digits.startsWith("19") || digits.startsWith("20"))
                      && isPersonnummer(digits.substring(2)),
              "\\d{8}[-+]\\d{4}",
              true,
              null),
          rule("DK CPR", 10, NationalIds::isCpr, null, false, "cpr"),
          rule("DE Steuer-ID", 11, NationalIds::isSteuerId, null, true, null),
          rule("PL PESEL", 11, NationalIds::isPesel, null, true, null),
          rule("BR CPF", 11, NationalIds::isCpf, null, true, null),
          rule("TR kimlik", 11, NationalIds::isKimlik, null, true, null),
          rule("BE rijksregister", 11, NationalIds::isRijksregister, null, true, null),
          rule(
              "RU SNILS",
              11,
              NationalIds::isSnils,
              "\\d{3}-\\d{3}-\\d{3}[ -]\\d{2}",
              false,
              "снилс|snils"),
          rule("RU INN", 12, NationalIds::isInn, null, false, "инн|\\binn\\b"),
          rule(
              "IN Aadhaar",
              12,
              digits -> digits.charAt(0) > '1' && CheckDigits.verhoeff(digits),
              "\\d{4}[ -]\\d{4}[ -]\\d{4}",
              false,
              "aadhaa?r|आधार|uid"),
          rule("JP my number", 12, NationalIds::isMyNumber, null, false, "my number|個人番号|マイナンバー"),
          rule("KR RRN", 13, NationalIds::isRrn, "\\d{6}-\\d{7}", true, null),
          rule("CH AHV", 13, d -> d.startsWith("756") && CheckDigits.ean13(d), null, true, null),
          rule("FR NIR", 15, NationalIds::isNir, null, true, null),
          rule("CN id", 18, NationalIds::isChinese, null, true, null));

  private static Rule rule(
      String name,
      int length,
      Predicate<String> isValid,
      String form,
      boolean isPlainEnough,
      String context) {
    return new Rule(
        name,
        length,
        isValid,
        form == null ? null : Pattern.compile(form),
        isPlainEnough,
        context == null ? null : Pattern.compile(context));
  }

  /**
   * Whether these digits are such a number.
   *
   * @param written with its separators
   * @param before the words before it, in lower case
   */
  static boolean isOne(String digits, String written, String before) {
    if (digits.chars().allMatch(c -> c == digits.charAt(0))) {
      return false;
    }
    for (var rule : RULES) {
      if (rule.length() == digits.length() && rule.isValid().test(digits)) {
        boolean isKnown =
            rule.isPlainEnough()
                || rule.form() != null && rule.form().matcher(written).matches()
                || rule.context() != null && rule.context().matcher(before).find();
        if (isKnown) {
          return true;
        }
      }
    }
    return false;
  }

  /** Whether a number of this length can be one. */
  static boolean hasLength(int digits) {
    return digits >= 9 && digits <= 13 || digits == 15 || digits == 18;
  }

  private static boolean isSsn(String d) {
    int area = number(d, 0, 3);
    return area != 0 && area != 666 && area < 900 && number(d, 3, 5) != 0 && number(d, 5, 9) != 0;
  }

  private static boolean isBsn(String d) {
    return weighted(d, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11 == 0;
  }

  private static boolean isNif(String d) {
    int rest = weighted(d, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
    return digit(d, 8) == (rest < 2 ? 0 : 11 - rest);
  }

  private static boolean isNhs(String d) {
    int check = 11 - weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
    return check != 10 && check % 11 == digit(d, 9);
  }

  /** Ten digits; of those who have none the day is sixty higher. */
  private static boolean isPersonnummer(String d) {
    int day = number(d, 4, 6);
    return CheckDigits.luhn(d)
        && isDate(2000 + number(d, 0, 2), number(d, 2, 4), day > 60 ? day - 60 : day);
  }

  private static boolean isCpr(String d) {
    return isDate(2000 + number(d, 4, 6), number(d, 2, 4), number(d, 0, 2));
  }

  /** Of the first ten digits one occurs two or three times, and not three times in a row. */
  private static boolean isSteuerId(String d) {
    if (d.charAt(0) == '0' || !CheckDigits.mod11And10(d)) {
      return false;
    }
    var counts = new int[10];
    for (int i = 0; i < 10; i++) {
      counts[digit(d, i)]++;
      if (i > 1 && d.charAt(i) == d.charAt(i - 1) && d.charAt(i) == d.charAt(i - 2)) {
        return false;
      }
    }
    int repeated = 0;
    for (int count : counts) {
      if (count > 3) {
        return false;
      }
      repeated += count > 1 ? 1 : 0;
    }
    return repeated == 1;
  }

  /** The month says the century. */
  private static boolean isPesel(String d) {
    int month = number(d, 2, 4);
    int check = (10 - weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3) % 10) % 10;
    int[] centuries = {1900, 2000, 2100, 2200, 1800};
    return check == digit(d, 10)
        && isDate(centuries[month / 20] + number(d, 0, 2), month % 20, number(d, 4, 6));
  }

  private static boolean isCpf(String d) {
    int first = weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10;
    int second = weighted(d, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10;
    return first == digit(d, 9) && second == digit(d, 10);
  }

  private static boolean isKimlik(String d) {
    int odd = weighted(d, 1, 0, 1, 0, 1, 0, 1, 0, 1);
    int even = weighted(d, 0, 1, 0, 1, 0, 1, 0, 1);
    int tenth = Math.floorMod(odd * 7 - even, 10);
    return d.charAt(0) != '0' && tenth == digit(d, 9) && (odd + even + tenth) % 10 == digit(d, 10);
  }

  private static boolean isRijksregister(String d) {
    int check = number(d, 9, 11);
    long first = Long.parseLong(d.substring(0, 9));
    boolean isOfDate =
        number(d, 2, 4) <= 12 && number(d, 4, 6) <= 31 && number(d, 2, 4) + number(d, 4, 6) > 0;
    return isOfDate && (check == 97 - first % 97 || check == 97 - (2_000_000_000L + first) % 97);
  }

  private static boolean isSnils(String d) {
    int sum = weighted(d, 9, 8, 7, 6, 5, 4, 3, 2, 1) % 101;
    return (sum == 100 ? 0 : sum) == number(d, 9, 11);
  }

  private static boolean isInn(String d) {
    int first = weighted(d, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10;
    int second = weighted(d, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10;
    return first == digit(d, 10) && second == digit(d, 11);
  }

  private static boolean isMyNumber(String d) {
    int rest = weighted(d, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    return digit(d, 11) == (rest <= 1 ? 0 : 11 - rest);
  }

  private static boolean isRrn(String d) {
    int check = (11 - weighted(d, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5) % 11) % 10;
    return check == digit(d, 12)
        && isDate(2000 + number(d, 0, 2), number(d, 2, 4), number(d, 4, 6));
  }

  private static boolean isNir(String d) {
    int month = number(d, 3, 5);
    boolean isOfPerson = d.charAt(0) == '1' || d.charAt(0) == '2';
    boolean isMonth = month >= 1 && month <= 12 || month >= 20;
    return isOfPerson
        && isMonth
        && 97 - Long.parseLong(d.substring(0, 13)) % 97 == number(d, 13, 15);
  }

  private static boolean isChinese(String d) {
    return chineseCheck(d) == d.charAt(17);
  }

  /** The last character of a Chinese number, a digit or X; a space if it has no date. */
  static char chineseCheck(String seventeen) {
    if (!isDate(number(seventeen, 6, 10), number(seventeen, 10, 12), number(seventeen, 12, 14))) {
      return ' ';
    }
    int sum = weighted(seventeen, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2);
    return "10X98765432".charAt(sum % 11);
  }
}
