package dev.threadmill.privacy.detect;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of persons that have letters: of Britain, Spain, Italy, Corsica and China. */
final class LetteredIdDetector implements Detector {
  private static final Pattern NINO =
      pattern(
          "(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\\d{2}[ -]?\\d{2}[ -]?\\d{2}[ -]?[A-D]");

  private static final Pattern DNI =
      pattern("(\\d{8}|\\d{2}\\.\\d{3}\\.\\d{3}|[XYZ][ -]?\\d{7})[ -]?([A-HJ-NP-TV-Z])");

  private static final Pattern CODICE_FISCALE =
      pattern(
          "[A-Z]{3}[ -]?[A-Z]{3}[ -]?[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[ -]?[A-Z][0-9LMNP-V]{3}[ -]?[A-Z]");

  private static final Pattern CORSICAN =
      pattern("[12] ?\\d{2} ?\\d{2} ?2[AB] ?\\d{3} ?\\d{3} ?\\d{2}");

  private static final Pattern CHINESE = pattern("\\d{17}X");

  private static final String DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";

  /** The value of 0 to 9 and A to Z at the odd places of a codice fiscale. */
  private static final int[] ODD = {
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8,
    12, 14, 16, 10, 22, 25, 24, 23
  };

  private static final int LETTERS = 26;

  private static Pattern pattern(String form) {
    return Pattern.compile(Boundary.START + form + Boundary.END, Pattern.CASE_INSENSITIVE);
  }

  private interface Check {
    boolean test(Matcher found, String plain);
  }

  @Override
  public void find(String text, Consumer<Finding> findings) {
    find(NINO, text, (_, _) -> true, findings);
    find(DNI, text, LetteredIdDetector::isDni, findings);
    find(CODICE_FISCALE, text, (_, plain) -> isCodiceFiscale(plain), findings);
    find(CORSICAN, text, (_, plain) -> isCorsican(plain), findings);
    find(
        CHINESE, text, (_, plain) -> NationalIds.chineseCheck(plain) == plain.charAt(17), findings);
  }

  private static void find(Pattern form, String text, Check check, Consumer<Finding> findings) {
    var found = form.matcher(text);
    while (found.find()) {
      var plain = found.group().replaceAll("[ .-]", "").toUpperCase(Locale.ROOT);
      if (check.test(found, plain)) {
        findings.accept(new Finding(EntityKind.NATIONAL_ID, found.start(), found.end()));
      }
    }
  }

  private static boolean isDni(Matcher found, String plain) {
    int first = "XYZ".indexOf(plain.charAt(0));
    var digits =
        first < 0
            ? plain.substring(0, plain.length() - 1)
            : first + plain.substring(1, plain.length() - 1);
    return DNI_LETTERS.charAt((int) (Long.parseLong(digits) % DNI_LETTERS.length()))
        == plain.charAt(plain.length() - 1);
  }

  private static boolean isCodiceFiscale(String plain) {
    int sum = 0;
    for (int i = 0; i < plain.length() - 1; i++) {
      char c = plain.charAt(i);
      int value = c <= '9' ? c - '0' : c - 'A';
      sum += i % 2 == 1 ? value : ODD[c <= '9' ? value : value + 10];
    }
    return (char) ('A' + sum % LETTERS) == plain.charAt(plain.length() - 1);
  }

  private static boolean isCorsican(String plain) {
    boolean isSouth = plain.charAt(6) == 'A';
    long number =
        Long.parseLong(plain.substring(0, 5) + (isSouth ? "19" : "18") + plain.substring(7, 13));
    return 97 - number % 97 == Long.parseLong(plain.substring(13));
  }
}
