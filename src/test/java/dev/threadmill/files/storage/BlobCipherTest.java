package dev.threadmill.files.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobCipherTest {
  private static final int SEGMENT = 64 * 1024;

  private final BlobCipher cipher = BlobCipher.of("blob_1", BlobCipher.newKey());

  private static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private byte[] part(byte[] encrypted, long bytes, int from, int length) throws IOException {
    try (var in =
        cipher.open(
            (start, count) -> new ByteArrayInputStream(encrypted, (int) start, (int) count),
            bytes,
            from,
            length)) {
      return in.readAllBytes();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 17})
  void contentOfAnyLengthIsReadBackWholeAndInParts(int length) throws IOException {
    var plain = random(length);
    var content = cipher.encrypted(new ByteArrayInputStream(plain), length);

    var encrypted = content.readAllBytes();

    assertThat(content.bytes()).isEqualTo(length);
    assertThat(content.sha256()).isEqualTo(HexFormat.of().formatHex(Sha256.of(plain)));
    if (length > 0) {
      assertThat(part(encrypted, length, 0, length)).isEqualTo(plain);
      int from = length / 3;
      int count = Math.max(1, length / 2);
      assertThat(part(encrypted, length, from, count))
          .isEqualTo(Arrays.copyOfRange(plain, from, from + count));
      assertThat(part(encrypted, length, length - 1, 1)).containsExactly(plain[length - 1]);
    }
  }

  @Test
  void changedExchangedAndMissingSegmentsAreFound() throws IOException {
    int length = 2 * SEGMENT + 5;
    var encrypted =
        cipher.encrypted(new ByteArrayInputStream(random(length)), length).readAllBytes();
    var changed = encrypted.clone();
    changed[7] ^= 1;
    var exchanged = encrypted.clone();
    System.arraycopy(encrypted, SEGMENT + 16, exchanged, 0, SEGMENT + 16);

    assertThatThrownBy(() -> part(changed, length, 0, 1)).hasMessageContaining("damaged");
    assertThatThrownBy(() -> part(exchanged, length, 0, 1)).hasMessageContaining("damaged");
    // As if the blob ended after its second segment.
    assertThatThrownBy(() -> part(encrypted, 2L * SEGMENT, SEGMENT, 1))
        .hasMessageContaining("damaged");
  }

  @Test
  void contentThatIsTooLargeIsRefused() {
    assertThatThrownBy(
            () -> cipher.encrypted(new ByteArrayInputStream(random(100)), 99).readAllBytes())
        .isInstanceOf(IncomingFile.TooLargeException.class);
  }
}
