package dev.threadmill.privacy;

import dev.threadmill.api.Sha256;
import dev.threadmill.privacy.detect.EntityKind;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** A data key of the vault: encrypts values by AES-256-GCM, and names tokens by HMAC-SHA-256. */
final class DataKey {
  private static final int BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int BITS_PER_LETTER = 5;
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretKeySpec encryption;
  private final SecretKeySpec naming;

  private DataKey(byte[] key) {
    this.encryption = new SecretKeySpec(derived(key, "encryption"), "AES");
    this.naming = new SecretKeySpec(derived(key, "naming"), "HmacSHA256");
  }

  private static byte[] derived(byte[] key, String use) {
    return Sha256.of(key, use.getBytes(StandardCharsets.UTF_8));
  }

  /** A new key as text. */
  static String random() {
    var bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }

  static DataKey of(String text) {
    return new DataKey(Base64.getDecoder().decode(text));
  }

  /** The name of the token for a value: letters and digits of base 32. */
  String name(EntityKind kind, String value, int letters) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(naming);
      var hash =
          mac.doFinal(
              (kind.name() + "\n" + normalized(kind, value)).getBytes(StandardCharsets.UTF_8));
      var name = new StringBuilder(letters);
      for (int i = 0; i < letters; i++) {
        int bit = i * BITS_PER_LETTER;
        int two = (hash[bit / 8] & 0xff) << 8 | hash[bit / 8 + 1] & 0xff;
        name.append(LETTERS.charAt(two >> 16 - BITS_PER_LETTER - bit % 8 & LETTERS.length() - 1));
      }
      return name.toString();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA-256", e);
    }
  }

  /** The form in which two ways of writing one value are equal. */
  static String normalized(EntityKind kind, String value) {
    return switch (kind) {
      case EMAIL ->
          value
              .replaceAll("(?i)\\s?[\\[(]at[\\])]\\s?|%40|\uFF20", "@")
              .replaceAll("(?i)\\s?[\\[(](?:dot|punkt)[\\])]\\s?", ".")
              .toLowerCase(Locale.ROOT);
      case CREDIT_CARD, IBAN, NATIONAL_ID, PHONE ->
          value.replaceAll("[^\\p{L}\\p{N}+]", "").toUpperCase(Locale.ROOT);
      case SECRET -> value;
      default -> value.replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
    };
  }

  String encrypt(String token, String value) {
    var nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    var box = cipher(Cipher.ENCRYPT_MODE, nonce, token, value.getBytes(StandardCharsets.UTF_8));
    var all = Arrays.copyOf(nonce, NONCE_BYTES + box.length);
    System.arraycopy(box, 0, all, NONCE_BYTES, box.length);
    return Base64.getEncoder().encodeToString(all);
  }

  String decrypt(String token, String sealed) {
    var all = Base64.getDecoder().decode(sealed);
    var nonce = Arrays.copyOf(all, NONCE_BYTES);
    var box = Arrays.copyOfRange(all, NONCE_BYTES, all.length);
    return new String(cipher(Cipher.DECRYPT_MODE, nonce, token, box), StandardCharsets.UTF_8);
  }

  private byte[] cipher(int mode, byte[] nonce, String token, byte[] text) {
    try {
      var cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, encryption, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(token.getBytes(StandardCharsets.UTF_8));
      return cipher.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a value of the vault cannot be encrypted or decrypted", e);
    }
  }
}
