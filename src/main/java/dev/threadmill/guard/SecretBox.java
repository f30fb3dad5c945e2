package dev.threadmill.guard;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts secrets at rest with AES-256-GCM. The project is authenticated along, so a secret can
 * only be decrypted for the project that it was encrypted for. The stored form names its key.
 */
@Singleton
public class SecretBox {
  private static final String FORM = "v1";
  private static final int SHORTEST_KEY = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int KEY_NAME_BYTES = 4;
  private static final byte[] NONCE_OF = "threadmill nonce".getBytes(StandardCharsets.UTF_8);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretConfig settings;
  private volatile List<Key> keys;

  private record Key(String name, SecretKeySpec spec) {
    static Key of(String text) {
      var bytes =
          Sha256.of(
              "threadmill secret box".getBytes(StandardCharsets.UTF_8),
              text.getBytes(StandardCharsets.UTF_8));
      var name = Arrays.copyOf(Sha256.of(bytes), KEY_NAME_BYTES);
      return new Key(HexFormat.of().formatHex(name), new SecretKeySpec(bytes, "AES"));
    }
  }

  SecretBox(SecretConfig settings) {
    this.settings = settings;
    var set = settings.key().orElse(List.of()).stream().map(String::strip).toList();
    requireUsable(set);
    this.keys = set.isEmpty() ? null : set.stream().map(Key::of).toList();
  }

  /**
   * Checks keys of THREADMILL_SECRET_KEY.
   *
   * @throws InvalidSettingException if one is too short
   */
  public static void requireUsable(List<String> keys) {
    if (keys.stream().anyMatch(key -> key.strip().length() < SHORTEST_KEY)) {
      throw new InvalidSettingException(
          "THREADMILL_SECRET_KEY",
          "must have %d characters or more, as must each key of a list".formatted(SHORTEST_KEY));
    }
  }

  /**
   * Encrypts a secret of a project.
   *
   * @throws ApiException 400 if this server has no key to do it with
   */
  public SecretText.Sealed seal(ProjectId project, String secret) {
    var nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return seal(project, secret, keys(true).getFirst(), nonce);
  }

  /**
   * As {@link #seal(ProjectId, String)}, with the same result for the same text, as long as the key
   * is the same: the nonce is a code of the text (RFC 2104). It shows whether two texts are the
   * same.
   */
  public SecretText.Sealed sealRepeatably(ProjectId project, String text) {
    var key = keys(true).getFirst();
    try {
      var code = Mac.getInstance("HmacSHA256");
      code.init(new SecretKeySpec(Sha256.of(NONCE_OF, key.spec().getEncoded()), "HmacSHA256"));
      code.update(project.value().getBytes(StandardCharsets.UTF_8));
      code.update((byte) 0);
      var nonce = code.doFinal(text.getBytes(StandardCharsets.UTF_8));
      return seal(project, text, key, Arrays.copyOf(nonce, NONCE_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA256", e);
    }
  }

  private static SecretText.Sealed seal(ProjectId project, String secret, Key key, byte[] nonce) {
    try {
      var cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, project);
      var box = new ByteArrayJoiner(nonce, cipher.doFinal(secret.getBytes(StandardCharsets.UTF_8)));
      return new SecretText.Sealed(FORM + "." + key.name() + "." + box.base64());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  /**
   * Decrypts a secret of a project.
   *
   * @throws SealedForeverException if it was sealed for another project or by a key that is not
   *     known here
   */
  public String open(ProjectId project, SecretText.Sealed sealed) throws UndecryptableException {
    var parts = sealed.box().split("\\.", -1);
    if (parts.length != 3 || !parts[0].equals(FORM)) {
      throw new UndecryptableException();
    }
    var key =
        keys(false).stream()
            .filter(known -> known.name().equals(parts[1]))
            .findFirst()
            .orElseThrow(UndecryptableException::new);
    try {
      var bytes = ByteBuffer.wrap(Base64.getDecoder().decode(parts[2]));
      var nonce = new byte[NONCE_BYTES];
      bytes.get(nonce);
      var rest = new byte[bytes.remaining()];
      bytes.get(rest);
      var plain = cipher(Cipher.DECRYPT_MODE, key, nonce, project).doFinal(rest);
      return new String(plain, StandardCharsets.UTF_8);
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new UndecryptableException();
    }
  }

  /** A secret that cannot be decrypted here. */
  public static final class UndecryptableException extends Exception {
    private static final long serialVersionUID = 1;

    UndecryptableException() {
      super("A stored secret cannot be decrypted: THREADMILL_SECRET_KEY is not the one it had.");
    }
  }

  private record ByteArrayJoiner(byte[] first, byte[] second) {
    String base64() {
      var all = Arrays.copyOf(first, first.length + second.length);
      System.arraycopy(second, 0, all, first.length, second.length);
      return Base64.getEncoder().encodeToString(all);
    }
  }

  private static Cipher cipher(int mode, Key key, byte[] nonce, ProjectId project)
      throws GeneralSecurityException {
    var cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key.spec(), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(project.value().getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  private synchronized List<Key> keys(boolean makeOne) {
    if (keys == null) {
      var file = file();
      if (makeOne && settings.databaseUrl().isPresent()) {
        throw ApiException.invalid(
            null,
            "secrets_not_kept",
            "This server cannot store secrets: its operator has to set THREADMILL_SECRET_KEY.");
      }
      if (!makeOne && !Files.exists(file)) {
        return List.of();
      }
      keys = List.of(Key.of(readOrMake(file)));
    }
    return new ArrayList<>(keys);
  }

  private Path file() {
    var home =
        settings
            .home()
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".threadmill"));
    return home.resolve("secret.key");
  }

  private static String readOrMake(Path file) {
    try {
      if (!Files.exists(file)) {
        Files.createDirectories(file.getParent());
        var bytes = new byte[SHORTEST_KEY];
        RANDOM.nextBytes(bytes);
        make(file, Base64.getEncoder().encodeToString(bytes));
      }
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot keep a key in " + file, e);
    }
  }

  private static void make(Path file, String key) throws IOException {
    var own = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    var whole = Files.createTempFile(file.getParent(), "secret", ".key", own);
    try {
      Files.writeString(whole, key + "\n");
      Files.createLink(file, whole);
    } catch (FileAlreadyExistsException e) {
      // Another process was first, and its key is as good.
    } finally {
      Files.delete(whole);
    }
  }
}
