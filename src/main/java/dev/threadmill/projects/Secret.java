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

  /** A new random secret of 256 bits. */
  public static Secret random() {
    var bytes = new byte[ENTROPY_BYTES];
    RANDOM.nextBytes(bytes);
    return new Secret("sk-" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
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

  @Override
  public String toString() {
    return hint();
  }
}
