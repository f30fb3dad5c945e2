package dev.threadmill.privacy.detect;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Telephone numbers by the numbering plans: with a country code, or as they are dialled within a
 * country if the words before them or the way they are written say so.
 */
final class PhoneNumbers {
  private static final PhoneNumberUtil PLANS = PhoneNumberUtil.getInstance();
  private static final String NO_REGION = "ZZ";

  private static final List<String> REGIONS =
      List.of(
          "US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "BR", "PT", "SE", "RU", "TR", "JP", "CN",
          "IN", "KR", "CH", "AT", "BE", "AU", "MX");

  /** Whose numbers begin with a zero. */
  private static final List<String> WITH_ZERO =
      List.of("DE", "FR", "GB", "IT", "NL", "SE", "JP", "TR", "CH", "AT", "BE", "KR", "AU");

  private static final Pattern CONTEXT =
      Pattern.compile(
          "phone|\\btel\\b|\\btel[.:]|\\bcall(?:ed|ing)?\\b|mobile|\\bcell\\b|\\bfax\\b|whatsapp|\\bsms\\b|telegram|\\bdial"
              + "|telefon|handy|mobil|anrufen|\\bruf|erreich|téléphon|portable|appele[rz]|teléfon|móvil|celular|llám"
              + "|cellulare|chiam|telefoon|\\bbel\\b|\\bbellen\\b|zadzwo|komórk|\\bligue|\\bring\\b|телефон|\\bтел\\b|\\bтел[.:]|звон|\\bмоб"
              + "|\\bcep\\b|arayın|電話|携帯|电话|手机|फ़ोन|फोन|मोबाइल|전화|휴대폰|핸드폰");

  private static final Pattern NORTH_AMERICAN =
      Pattern.compile(
          "\\(\\d{3}\\) ?\\d{3}[-. ]\\d{4}|\\d{3}-\\d{3}-\\d{4}|\\d{3}\\.\\d{3}\\.\\d{4}");

  private static final Pattern WITH_SEPARATOR =
      Pattern.compile("\\(?0\\d{1,5}(?:\\) ?|[ \u00a0/.-])\\d.*");

  private static final int MIN_DIGITS = 7;
  private static final int MAX_DIGITS = 15;
  private static final int MIN_WITHOUT_CONTEXT = 9;
  private static final int MAX_WITHOUT_CONTEXT = 12;

  private PhoneNumbers() {}

  /**
   * Whether this is a telephone number.
   *
   * @param written from its plus sign or bracket on
   * @param isAfterPhoneWord whether the words before it say so
   * @param isFirst whether no digits stand before it
   */
  static boolean isOne(String written, String digits, boolean isAfterPhoneWord, boolean isFirst) {
    if (digits.length() < MIN_DIGITS || digits.length() > MAX_DIGITS + 2) {
      return false;
    }
    char sign = written.charAt(0);
    if (sign == '+' || sign == '\uFF0B' || written.startsWith("(+")) {
      return isValid("+" + digits, NO_REGION);
    }
    if (digits.startsWith("00")) {
      return isValid("+" + digits.substring(2), NO_REGION);
    }
    if (digits.length() > MAX_DIGITS) {
      return false;
    }
    if (isAfterPhoneWord) {
      return REGIONS.stream().anyMatch(region -> isValid(digits, region));
    }
    if (NORTH_AMERICAN.matcher(written).matches()) {
      return isValid(digits, "US");
    }
    return isFirst
        && digits.length() >= MIN_WITHOUT_CONTEXT
        && digits.length() <= MAX_WITHOUT_CONTEXT
        && WITH_SEPARATOR.matcher(written).matches()
        && WITH_ZERO.stream().anyMatch(region -> isValid(digits, region));
  }

  /** Whether words, in lower case, say that a telephone number follows. */
  static boolean isContext(String words) {
    return CONTEXT.matcher(words).find();
  }

  private static boolean isValid(String number, String region) {
    try {
      return PLANS.isValidNumber(PLANS.parse(number, region));
    } catch (NumberParseException e) {
      return false;
    }
  }
}
