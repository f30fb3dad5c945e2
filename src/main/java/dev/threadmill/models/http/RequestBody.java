package dev.threadmill.models.http;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The body of a request, which is written to it first and then sent as often as it takes. It is
 * kept in pieces, so that a large one is nowhere copied as a whole.
 */
public final class RequestBody extends OutputStream {
  private static final int FIRST_ROOM = 2 * 1024;
  private static final int PIECE = 128 * 1024;

  private final List<byte[]> full = new ArrayList<>();
  private byte[] last = new byte[FIRST_ROOM];
  private int used;

  /** These bytes. */
  public static RequestBody of(byte[] bytes) {
    var body = new RequestBody();
    body.write(bytes, 0, bytes.length);
    return body;
  }

  @Override
  public void write(int value) {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    int written = 0;
    while (written < length) {
      makeRoom(length - written);
      int some = Math.min(length - written, last.length - used);
      System.arraycopy(bytes, from + written, last, used, some);
      used += some;
      written += some;
    }
  }

  private void makeRoom(int wanted) {
    if (used == PIECE) {
      full.add(last);
      last = new byte[PIECE];
      used = 0;
    } else if (used + wanted > last.length && last.length < PIECE) {
      last = Arrays.copyOf(last, Math.clamp(Math.max(used + wanted, 2L * last.length), 0, PIECE));
    }
  }

  /** How long it is, in bytes. */
  public long length() {
    return (long) full.size() * PIECE + used;
  }

  /** How many pieces it has, one at least. */
  int pieces() {
    return full.size() + 1;
  }

  /** One of the pieces, from 0, which is not copied either. */
  Buffer piece(int index) {
    return Buffer.buffer(
        index < full.size()
            ? Unpooled.wrappedBuffer(full.get(index))
            : Unpooled.wrappedBuffer(last, 0, used));
  }
}
