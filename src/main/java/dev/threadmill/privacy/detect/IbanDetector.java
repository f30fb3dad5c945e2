package dev.threadmill.privacy.detect;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.iban4j.CountryCode;
import org.iban4j.IbanUtil;

/** IBANs of all countries that have them, with or without spaces, by length and check digits. */
final class IbanDetector implements Detector {
  private static final Pattern START =
      Pattern.compile(Boundary.START + "[A-Za-z]{2}[ \u00a0-]?\\d{2}(?=[ \u00a0-]?[A-Za-z0-9])");

  @Override
  public void find(String text, Consumer<Finding> findings) {
    var start = START.matcher(text);
    while (start.find()) {
      int end = end(text, start.start());
      if (end > 0) {
        findings.accept(new Finding(EntityKind.IBAN, start.start(), end));
      }
    }
  }

  /** Behind the IBAN that begins here; 0 if there is none. */
  private static int end(String text, int start) {
    var country = CountryCode.getByCode(text.substring(start, start + 2).toUpperCase(Locale.ROOT));
    if (country == null || !IbanUtil.isSupportedCountry(country)) {
      return 0;
    }
    int length = IbanUtil.getIbanLength(country);
    var plain = new StringBuilder(length);
    int at = start;
    boolean wasSeparator = false;
    while (at < text.length() && plain.length() < length) {
      char c = text.charAt(at);
      if (c < 128 && Character.isLetterOrDigit(c)) {
        plain.append(c);
        wasSeparator = false;
      } else if ((c == ' ' || c == '\u00a0' || c == '-') && !wasSeparator) {
        wasSeparator = true;
      } else {
        return 0;
      }
      at++;
    }
    boolean isWhole =
        plain.length() == length
            && (at == text.length() || !Character.isLetterOrDigit(text.charAt(at)));
    return isWhole && IbanUtil.isValid(plain.toString().toUpperCase(Locale.ROOT)) ? at : 0;
  }
}
