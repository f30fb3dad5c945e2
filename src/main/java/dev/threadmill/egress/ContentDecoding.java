package dev.threadmill.egress;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Decodes the body of a response. Only gzip and deflate are accepted: their decoders need a window
 * of 32 KiB whatever the server sends, while others allocate what a header of the server asks for.
 */
final class ContentDecoding {
  private static final int BUFFER = 4_096;
  private static final int LONGEST_NAME = 40;

  private ContentDecoding() {}

  /** The response has an encoding that is not accepted. The message names it. */
  static final class UnacceptedEncodingException extends IOException {
    private static final long serialVersionUID = 1L;

    UnacceptedEncodingException(String encoding) {
      super(
          "The response has the content encoding '%s'; only gzip and deflate are accepted."
              .formatted(printable(encoding)));
    }
  }

  /**
   * The decoded body. Reading it returns what is available without waiting for more.
   *
   * @param encoding the header {@code Content-Encoding}; empty for none
   * @throws UnacceptedEncodingException if it is neither gzip nor deflate, or several at once
   */
  static InputStream decode(InputStream body, String encoding) throws IOException {
    var names =
        Arrays.stream(encoding.toLowerCase(Locale.ROOT).split(","))
            .map(String::strip)
            .filter(name -> !name.isEmpty() && !name.equals("identity"))
            .toList();
    if (names.isEmpty()) {
      return body;
    }
    return switch (names.size() == 1 ? names.getFirst() : "") {
      case "gzip", "x-gzip" -> new Lazy(body, true);
      case "deflate" -> new Lazy(body, false);
      default -> throw new UnacceptedEncodingException(String.join(", ", names));
    };
  }

  private static String printable(String encoding) {
    var plain = encoding.replaceAll("[^\\x21-\\x7e ]", "?");
    return plain.length() <= LONGEST_NAME ? plain : plain.substring(0, LONGEST_NAME) + "…";
  }

  /** Creates the decoder at the first read, since creating one reads from the body. */
  private static final class Lazy extends FilterInputStream {
    private final boolean gzip;
    private boolean isOpen;

    Lazy(InputStream body, boolean gzip) {
      super(body);
      this.gzip = gzip;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      if (!isOpen) {
        isOpen = true;
        open();
      }
      return super.read(bytes, from, length);
    }

    @Override
    public int available() {
      return 0;
    }

    private void open() throws IOException {
      var body = new PushbackInputStream(in, 2);
      int first = body.read();
      if (first < 0) {
        in = InputStream.nullInputStream();
        return;
      }
      if (gzip) {
        body.unread(first);
        in = new GZIPInputStream(new NoneAvailable(body), BUFFER);
        return;
      }
      int second = body.read();
      for (int each : second < 0 ? List.of(first) : List.of(second, first)) {
        body.unread(each);
      }
      // Some servers send the raw format under this name, which by its definition has a header.
      boolean hasHeader = (first & 0x0f) == 8 && second >= 0 && ((first << 8) + second) % 31 == 0;
      in = new InflaterStream(body, new Inflater(!hasHeader));
    }
  }

  /** Keeps the gzip decoder from waiting for another member behind the first. */
  private static final class NoneAvailable extends FilterInputStream {
    NoneAvailable(InputStream in) {
      super(in);
    }

    @Override
    public int available() {
      return 0;
    }
  }

  /** Releases the native memory of an inflater that was passed in. */
  private static final class InflaterStream extends InflaterInputStream {
    InflaterStream(InputStream in, Inflater inflater) {
      super(in, inflater, BUFFER);
    }

    @Override
    public void close() throws IOException {
      inf.end();
      super.close();
    }
  }
}
