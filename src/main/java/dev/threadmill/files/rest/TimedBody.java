package dev.threadmill.files.rest;

import dev.threadmill.files.Blobs;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/**
 * A body that must keep a rate, as JSON bodies do: it has ten seconds, and beyond them as long as
 * it keeps a rate that any client reaches. The read timeout of the server applies to a client that
 * sends nothing.
 */
final class TimedBody extends FilterInputStream {
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int MIN_BYTES_PER_SECOND = 16 * 1024;

  private final long started = System.nanoTime();
  private final long maxBytes;
  private long received;

  TimedBody(InputStream body, long maxBytes) {
    super(body);
    this.maxBytes = maxBytes;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    int read = super.read(buffer, from, length);
    received += Math.max(0, read);
    long late = System.nanoTime() - started - GRACE_NANOS;
    if (late > 0 && received < MIN_BYTES_PER_SECOND * (late / 1e9)) {
      throw ReceiveForm.tooSlow();
    }
    if (received > maxBytes) {
      throw Blobs.tooLarge(maxBytes);
    }
    return read;
  }
}
