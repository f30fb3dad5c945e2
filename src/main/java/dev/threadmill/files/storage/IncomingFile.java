package dev.threadmill.files.storage;

import dev.threadmill.api.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/**
 * Content that was received into a local file and forced to the disk.
 *
 * @param sha256 64 hexadecimal digits
 */
public record IncomingFile(Path path, long bytes, String sha256) {
  private static final int BUFFER = 64 * 1024;

  /** There is more content than allowed. */
  public static final class TooLargeException extends IOException {
    TooLargeException(long maxBytes) {
      super("more than " + maxBytes + " bytes");
    }
  }

  /**
   * Receives a stream to its end. A piece at a time is in memory.
   *
   * @param path does not exist yet; may exist when this throws
   * @param progress called with the number of bytes so far, after each piece
   * @throws TooLargeException as soon as there is more than {@code maxBytes}
   */
  public static IncomingFile receive(
      InputStream content, Path path, long maxBytes, LongConsumer progress) throws IOException {
    var digest = Sha256.digest();
    long bytes = 0;
    try (var channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var buffer = new byte[BUFFER];
      for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
        bytes += read;
        if (bytes > maxBytes) {
          throw new TooLargeException(maxBytes);
        }
        digest.update(buffer, 0, read);
        for (var piece = ByteBuffer.wrap(buffer, 0, read); piece.hasRemaining(); ) {
          channel.write(piece);
        }
        progress.accept(bytes);
      }
      channel.force(true);
    }
    return new IncomingFile(path, bytes, HexFormat.of().formatHex(digest.digest()));
  }
}
