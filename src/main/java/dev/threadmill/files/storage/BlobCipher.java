package dev.threadmill.files.storage;

import dev.threadmill.api.Sha256;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.NoSuchElementException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts the bytes of one blob by AES-256-GCM, in segments, so that a part can be read alone. A
 * segment is authenticated with the key of its blob, its place, and whether it is the last. Each
 * blob has a key of its own, so the place is a nonce.
 */
public final class BlobCipher {
  private static final int KEY_BYTES = 32;
  private static final int SEGMENT = 64 * 1024;
  private static final int TAG_BITS = 128;
  private static final int TAG = TAG_BITS / Byte.SIZE;
  private static final int NONCE_BYTES = 12;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretKeySpec key;
  private final byte[] blob;

  private BlobCipher(String blob, byte[] key) {
    this.blob = blob.getBytes(StandardCharsets.UTF_8);
    this.key = new SecretKeySpec(key, "AES");
  }

  /** A new key as text. */
  public static String newKey() {
    var key = new byte[KEY_BYTES];
    RANDOM.nextBytes(key);
    return Base64.getEncoder().encodeToString(key);
  }

  /**
   * The cipher of a blob.
   *
   * @param key as of {@link #newKey}
   */
  public static BlobCipher of(String blob, String key) {
    return new BlobCipher(blob, Base64.getDecoder().decode(key));
  }

  /** How many bytes a blob of so many plain bytes has. */
  private static long encryptedLength(long bytes) {
    return bytes + TAG * ((bytes + SEGMENT - 1) / SEGMENT);
  }

  /** Opens encrypted bytes from a place on. */
  @FunctionalInterface
  public interface Source {
    /**
     * @param length at least one
     */
    InputStream open(long from, long length) throws IOException;
  }

  /**
   * A part of a blob, decrypted; a segment at a time is in memory.
   *
   * @param bytes of the whole blob, decrypted
   * @param from the first byte
   * @param length of the part, at least one, within the blob
   */
  public InputStream open(Source source, long bytes, long from, long length) throws IOException {
    long first = from / SEGMENT;
    long last = (from + length - 1) / SEGMENT;
    long start = first * (SEGMENT + TAG);
    long end = Math.min(encryptedLength(bytes), (last + 1) * (SEGMENT + TAG));
    var encrypted = source.open(start, end - start);
    var segments =
        new Enumeration<InputStream>() {
          private long next = first;

          @Override
          public boolean hasMoreElements() {
            return next <= last;
          }

          @Override
          public InputStream nextElement() {
            if (!hasMoreElements()) {
              throw new NoSuchElementException();
            }
            long index = next++;
            long segmentStart = index * SEGMENT;
            boolean isLast = segmentStart + SEGMENT >= bytes;
            int skipped = (int) Math.max(0, from - segmentStart);
            int until = (int) Math.min(SEGMENT, from + length - segmentStart);
            return new DecryptedSegment(encrypted, index, isLast, skipped, until);
          }
        };
    return new FilterInputStream(new SequenceInputStream(segments)) {
      @Override
      public void close() throws IOException {
        encrypted.close();
      }
    };
  }

  /** Reads and decrypts its segment when its first byte is read. */
  private final class DecryptedSegment extends InputStream {
    private final InputStream encrypted;
    private final long index;
    private final boolean isLast;
    private final int from;
    private final int to;
    private ByteArrayInputStream plain;

    DecryptedSegment(InputStream encrypted, long index, boolean isLast, int from, int to) {
      this.encrypted = encrypted;
      this.index = index;
      this.isLast = isLast;
      this.from = from;
      this.to = to;
    }

    private InputStream plain() throws IOException {
      if (plain == null) {
        var read = encrypted.readNBytes(SEGMENT + TAG);
        try {
          var bytes = cipher(Cipher.DECRYPT_MODE, index, isLast).doFinal(read);
          plain = new ByteArrayInputStream(bytes, from, to - from);
        } catch (GeneralSecurityException e) {
          throw new IOException("an encrypted blob is damaged", e);
        }
      }
      return plain;
    }

    @Override
    public int read() throws IOException {
      return plain().read();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      return plain().read(buffer, offset, length);
    }
  }

  private Cipher cipher(int mode, long index, boolean isLast) throws GeneralSecurityException {
    var nonce = ByteBuffer.allocate(NONCE_BYTES).putInt(0).putLong(index).array();
    var cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(blob);
    cipher.updateAAD(new byte[] {(byte) (isLast ? 1 : 0)});
    return cipher;
  }

  /** Content that is encrypted while it is read; knows what it has read. */
  public final class Encrypted extends InputStream {
    private final InputStream content;
    private final long maxBytes;
    private final MessageDigest digest = Sha256.digest();
    private byte[] ahead;
    private byte[] segment = new byte[0];
    private int position;
    private long index;
    private long bytes;

    private Encrypted(InputStream content, long maxBytes) {
      this.content = content;
      this.maxBytes = maxBytes;
    }

    /** The number of bytes that were read, decrypted. */
    public long bytes() {
      return bytes;
    }

    /** Of all bytes, decrypted, once they are read: 64 hexadecimal digits. */
    public String sha256() {
      return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public int read() throws IOException {
      return hasMore() ? segment[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (!hasMore()) {
        return -1;
      }
      int count = Math.min(length, segment.length - position);
      System.arraycopy(segment, position, buffer, offset, count);
      position += count;
      return count;
    }

    private boolean hasMore() throws IOException {
      if (position < segment.length) {
        return true;
      }
      var plain = ahead == null ? next() : ahead;
      if (plain.length == 0) {
        return false;
      }
      ahead = next();
      try {
        segment = cipher(Cipher.ENCRYPT_MODE, index++, ahead.length == 0).doFinal(plain);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every JDK has AES-GCM", e);
      }
      position = 0;
      return true;
    }

    private byte[] next() throws IOException {
      var read = content.readNBytes(SEGMENT);
      bytes += read.length;
      if (bytes > maxBytes) {
        throw new IncomingFile.TooLargeException(maxBytes);
      }
      digest.update(read);
      return read;
    }
  }

  /**
   * Content that is encrypted while it is read, two segments at a time.
   *
   * @param maxBytes the most that it may have, decrypted
   */
  public Encrypted encrypted(InputStream content, long maxBytes) {
    return new Encrypted(content, maxBytes);
  }
}
