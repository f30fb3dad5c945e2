package dev.threadmill.projects;

import dev.threadmill.api.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * The secret value of an API key. It is never stored and never logged: {@link #toString} shows only
 * the hint.
 */
public record Secret(String value) {
  /** What an Authorization header can carry after "Bearer ". */
  private static final Pattern USABLE = Pattern.compile("[!-~]{8,200}");

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int ENTROPY_BYTES = 32;
  private static final int HINT_LENGTH = 4;
  private static final int LONGEST_SHOWN = 80;

  /** A new random secret of 256 bits, for an API key. */
  public static Secret random() {
    return random("sk-");
  }

  /** A new random secret of 256 bits behind a prefix that says what it is for. */
  public static Secret random(String prefix) {
    var bytes = new byte[ENTROPY_BYTES];
    RANDOM.nextBytes(bytes);
    return new Secret(prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  /** Whether it is 8 to 200 printable characters without spaces. */
  public boolean isUsable() {
    return USABLE.matcher(value).matches();
  }

  /** SHA-256. Generated secrets have 256 bits of entropy, so no slower hash is needed. */
  public byte[] hash() {
    return Sha256.of(value.getBytes(StandardCharsets.UTF_8));
  }

  /** The first and last four characters, by which users distinguish keys. */
  public String hint() {
    return value.length() < 4 * HINT_LENGTH
        ? "***"
        : value.substring(0, HINT_LENGTH) + "***" + value.substring(value.length() - HINT_LENGTH);
  }

  /** What a client has sent, short enough for a message. */
  static String clipped(String text) {
    return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "…";
  }

  @Override
  public String toString() {
    return hint();
  }
}
