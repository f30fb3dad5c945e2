package dev.threadmill.tools.http;

import dev.threadmill.egress.StreamingResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** The server-sent events of an answer, one after the other while they come in. */
public final class ServerSentEvents {
  public static final String MEDIA_TYPE = "text/event-stream";

  private static final String FIELD = "data:";

  private final BufferedReader lines;
  private boolean isAtEnd;

  private ServerSentEvents(BufferedReader lines) {
    this.lines = lines;
  }

  /** Those of an answer, which has bounded what may be read of it. */
  public static ServerSentEvents of(StreamingResponse answer) throws IOException {
    return new ServerSentEvents(
        new BufferedReader(new InputStreamReader(answer.body(), answer.charset())));
  }

  /** The data of the next event, which may be empty; null at the end. An event without is none. */
  public String next() throws IOException {
    StringBuilder data = null;
    while (!isAtEnd) {
      var line = lines.readLine();
      isAtEnd = line == null;
      if (isAtEnd || line.isEmpty()) {
        if (data != null) {
          return data.toString();
        }
      } else if (line.equals("data") || line.startsWith(FIELD)) {
        data = data == null ? new StringBuilder() : data.append('\n');
        data.append(value(line));
      }
    }
    return null;
  }

  private static String value(String line) {
    int from = line.indexOf(':') + 1;
    if (from == 0) {
      return "";
    }
    return line.substring(line.startsWith(" ", from) ? from + 1 : from);
  }
}
