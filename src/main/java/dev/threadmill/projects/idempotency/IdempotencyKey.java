package dev.threadmill.projects.idempotency;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Sha256;
import dev.threadmill.projects.Caller;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * An idempotency key. It is never stored: the id of its row is a digest of it, and the stored
 * response is encrypted with it, since a response may contain a secret that is shown only once.
 *
 * @param row the id of its row
 */
record IdempotencyKey(String row, SecretKeySpec encryptionKey) {
  static final String HEADER = "Idempotency-Key";

  private static final Pattern FORM = Pattern.compile("[ -~]{1,255}");
  private static final byte[] SEPARATOR = {0};
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * The key that a caller has sent. Keys of different projects are distinct, and so are those of
   * admins and of users with client tokens, whose responses may not be shown to others.
   *
   * @throws ApiException 400 if it is too long or not printable
   */
  static IdempotencyKey of(Caller caller, String header) {
    if (!FORM.matcher(header).matches()) {
      throw ApiException.invalid(
          HEADER,
          "Invalid '%s' header: expected 1 to 255 printable ASCII characters.".formatted(HEADER));
    }
    var whole = namespace(caller) + caller.project() + "/" + header;
    var row = HexFormat.of().formatHex(sha256("row", whole.getBytes(StandardCharsets.UTF_8)));
    var seal = sha256("seal", whole.getBytes(StandardCharsets.UTF_8));
    return new IdempotencyKey(row, new SecretKeySpec(seal, "AES"));
  }

  private static String namespace(Caller caller) {
    if (caller.user() != null) {
      return "user/" + Sha256.hex(caller.user().id()) + "/";
    }
    return caller.isAdmin() ? "admin/" : "key/";
  }

  /** The digest by which requests are compared. */
  static String fingerprint(String path, byte[] body) {
    return HexFormat.of().formatHex(sha256(path, body));
  }

  byte[] encrypt(byte[] answer) {
    var nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    var box = cipher(Cipher.ENCRYPT_MODE, nonce, answer);
    return ByteBuffer.allocate(nonce.length + box.length).put(nonce).put(box).array();
  }

  byte[] decrypt(byte[] sealed) {
    var nonce = Arrays.copyOf(sealed, NONCE_BYTES);
    var box = Arrays.copyOfRange(sealed, NONCE_BYTES, sealed.length);
    return cipher(Cipher.DECRYPT_MODE, nonce, box);
  }

  private byte[] cipher(int mode, byte[] nonce, byte[] text) {
    try {
      var cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, encryptionKey, new GCMParameterSpec(TAG_BITS, nonce));
      return cipher.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a stored answer cannot be sealed or opened", e);
    }
  }

  private static byte[] sha256(String first, byte[] rest) {
    return Sha256.of(first.getBytes(StandardCharsets.UTF_8), SEPARATOR, rest);
  }
}
