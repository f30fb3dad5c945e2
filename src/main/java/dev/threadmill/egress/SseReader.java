package dev.threadmill.egress;

import java.io.IOException;
import java.io.InputStream;

/** Reads the server-sent events of a response one by one while they arrive. */
public final class SseReader {
  /** The media type of streams of events. */
  public static final String MEDIA_TYPE = "text/event-stream";

  private static final int BUFFER = 2 * 1024;

  private final InputStream body;
  private final SseParser parser;
  private final byte[] buffer = new byte[BUFFER];
  private boolean isAtEnd;

  /** A reader of the events of a response, which limits their size. */
  public SseReader(StreamingResponse response) throws IOException {
    this.body = response.body();
    this.parser = new SseParser((int) Math.min(Integer.MAX_VALUE - BUFFER, response.maxBytes()));
  }

  /**
   * The next event; null at the end of the stream.
   *
   * @throws SseParser.LineTooLongException if a line is longer than allowed
   * @throws IOException if the body cannot be read
   */
  public SseParser.Event next() throws IOException {
    while (true) {
      var event = parser.next();
      if (event != null || isAtEnd) {
        return event;
      }
      int read = body.read(buffer);
      if (read < 0) {
        isAtEnd = true;
        parser.end();
      } else {
        parser.feed(buffer, read);
      }
    }
  }
}
