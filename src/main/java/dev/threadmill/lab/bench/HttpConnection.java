package dev.threadmill.lab.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A keep-alive HTTP/1.1 connection that costs little processor time: blocking, one request at a
 * time, limited to the features that the server and the mock provider use.
 */
final class HttpConnection implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private final URI base;
  private final String headers;
  private final byte[] buffer = new byte[32 * 1024];
  private Socket socket;
  private InputStream in;
  private int start;
  private int end;
  private Body open;

  /** A connection to this base URL; request paths are appended to it. */
  HttpConnection(URI base, String key) {
    this.base = base;
    this.headers =
        "Host: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
            .formatted(base.getAuthority(), key);
  }

  /** A response with a status other than 200. */
  static final class UnexpectedStatus extends IOException {
    private static final long serialVersionUID = 1L;

    UnexpectedStatus(String request, int status, String body) {
      super(request + " was answered with " + status + ": " + body);
    }
  }

  /** Sends a GET and reads the whole body. */
  String get(String path) throws IOException {
    return send("GET", path, "", new byte[0]).rest();
  }

  /** Sends a POST and reads the whole body. */
  String post(String path, byte[] body) throws IOException {
    return send("POST", path, "", body).rest();
  }

  /** Sends a POST whose body is read incrementally. It must be read to its end. */
  Body stream(String path, byte[] body) throws IOException {
    return send("POST", path, "", body);
  }

  /** Reads the events of a run after the last received one. */
  Body resume(String path, String lastEventId) throws IOException {
    return send("GET", path, "Last-Event-ID: " + lastEventId + "\r\n", new byte[0]);
  }

  private Body send(String method, String path, String extra, byte[] body) throws IOException {
    if (socket == null || (open != null && !open.ended)) {
      connect();
    }
    var head =
        (method + " " + base.getPath() + path + " HTTP/1.1\r\n" + headers + extra)
            .concat("Content-Length: " + body.length + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    var request = new byte[head.length + body.length];
    System.arraycopy(head, 0, request, 0, head.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    socket.getOutputStream().write(request);
    int status = Integer.parseInt(line().split(" ")[1]);
    long length = -1;
    boolean chunked = false;
    boolean last = false;
    for (var header = line(); !header.isEmpty(); header = line()) {
      var lower = header.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Long.parseLong(lower.substring("content-length:".length()).strip());
      }
      chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
      last |= lower.startsWith("connection:") && lower.contains("close");
    }
    open = new Body(chunked, length, last);
    if (status != 200) {
      throw new UnexpectedStatus(method + " " + path, status, open.rest());
    }
    return open;
  }

  private void connect() throws IOException {
    close();
    socket = new Socket(base.getHost(), base.getPort());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = socket.getInputStream();
    start = 0;
    end = 0;
  }

  private boolean fill() throws IOException {
    start = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }

  private int read() throws IOException {
    return start < end || fill() ? buffer[start++] & 0xff : -1;
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = read(); c != '\n'; c = read()) {
      if (c < 0) {
        throw new EOFException("the connection was closed");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    if (socket != null) {
      socket.close();
      socket = null;
    }
  }

  /** The body of a response. */
  final class Body {
    private final boolean chunked;
    private final boolean last;
    private long left;
    private boolean ended;
    private byte[] line = new byte[1024];

    private Body(boolean chunked, long length, boolean last) {
      this.chunked = chunked;
      this.last = last || (!chunked && length < 0);
      this.left = chunked ? 0 : length < 0 ? Long.MAX_VALUE : length;
    }

    /** The next line without its terminator; null at the end. */
    String nextLine() throws IOException {
      int length = 0;
      while (true) {
        if (!available()) {
          return length == 0 ? null : text(length);
        }
        int most = (int) Math.min(end, start + left);
        for (int at = start; at < most; at++) {
          if (buffer[at] == '\n') {
            length = take(at, length);
            skip();
            return text(length);
          }
        }
        length = take(most, length);
      }
    }

    /** The remaining lines. */
    String rest() throws IOException {
      List<String> lines = new ArrayList<>();
      for (var next = nextLine(); next != null; next = nextLine()) {
        lines.add(next);
      }
      return String.join("\n", lines);
    }

    private String text(int length) {
      return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    /** Appends the buffer up to this index to the line. */
    private int take(int to, int length) {
      int more = to - start;
      if (length + more > line.length) {
        line = Arrays.copyOf(line, Math.max(2 * line.length, length + more));
      }
      System.arraycopy(buffer, start, line, length, more);
      start = to;
      left -= more;
      return length + more;
    }

    private void skip() {
      start++;
      left--;
    }

    /** Whether the buffer has another byte of the body; reads more if needed. */
    private boolean available() throws IOException {
      if (ended) {
        return false;
      }
      if (left == 0 && (!chunked || !nextChunk())) {
        return finish();
      }
      if (start == end && !fill()) {
        if (left != Long.MAX_VALUE) {
          throw new EOFException("the connection was closed within an answer");
        }
        return finish();
      }
      return true;
    }

    private boolean finish() throws IOException {
      ended = true;
      if (last) {
        close();
      }
      return false;
    }

    private boolean nextChunk() throws IOException {
      var size = line();
      if (size.isEmpty()) {
        size = line(); // the end of the chunk before
      }
      left = Long.parseLong(size, 16);
      if (left == 0) {
        line();
      }
      return left > 0;
    }
  }
}
