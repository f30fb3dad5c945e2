package dev.threadmill.tools.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs a call by the Standard Webhooks scheme, so that its receiver can verify the sender and
 * reject a replay.
 */
final class WebhookSignature {
  private static final String PREFIX = "whsec_";

  private WebhookSignature() {}

  /**
   * The headers that carry the signature.
   *
   * @param secret {@code whsec_} and base64, or any other text, whose bytes are the key
   * @param id of the call
   */
  static Map<String, String> headers(String secret, String id, Instant now, String body) {
    long time = now.getEpochSecond();
    var signed = id + "." + time + "." + (body == null ? "" : body);
    return Map.of(
        "Webhook-Id",
        id,
        "Webhook-Timestamp",
        Long.toString(time),
        "Webhook-Signature",
        "v1," + hmac(key(secret), signed));
  }

  private static byte[] key(String secret) {
    if (secret.startsWith(PREFIX)) {
      try {
        return Base64.getDecoder().decode(secret.substring(PREFIX.length()));
      } catch (IllegalArgumentException e) {
        // Not base64, so it is meant as it stands.
      }
    }
    return secret.getBytes(StandardCharsets.UTF_8);
  }

  private static String hmac(byte[] key, String text) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA256", e);
    }
  }
}
