package dev.threadmill.webhooks;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signatures of Standard Webhooks: HMAC-SHA256 over the id, the time and the body. */
final class WebhookSignature {
  private static final String PREFIX = "whsec_";
  private static final int SECRET_BYTES = 32;
  private static final int SHOWN = 4;
  private static final SecureRandom RANDOM = new SecureRandom();

  private WebhookSignature() {}

  /** A new secret: {@code whsec_} and 32 random bytes in base64. */
  static String newSecret() {
    var bytes = new byte[SECRET_BYTES];
    RANDOM.nextBytes(bytes);
    return PREFIX + Base64.getEncoder().encodeToString(bytes);
  }

  /** What may be shown of a secret. */
  static String hint(String secret) {
    return PREFIX + "…" + secret.substring(secret.length() - SHOWN);
  }

  /**
   * The header {@code webhook-signature}: one signature for each secret.
   *
   * @param seconds the header {@code webhook-timestamp}
   */
  static String header(List<String> secrets, String id, long seconds, String body) {
    var signed = (id + "." + seconds + "." + body).getBytes(StandardCharsets.UTF_8);
    return secrets.stream()
        .map(secret -> "v1," + Base64.getEncoder().encodeToString(sign(secret, signed)))
        .collect(Collectors.joining(" "));
  }

  private static byte[] sign(String secret, byte[] signed) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      var key = Base64.getDecoder().decode(secret.substring(PREFIX.length()));
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(signed);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }
}
