package dev.threadmill.tools.http;

import dev.threadmill.api.StorableText;
import dev.threadmill.egress.SseReader;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.tools.ToolListener;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.util.Set;

/**
 * An answer that is told while it comes in: plain text whose length is not known beforehand, lines
 * of JSON, or server-sent events, of which the data is the answer, a line an event.
 */
public final class StreamedResponseText {
  private static final int MOST_AT_ONCE = 4_096;
  private static final Set<String> LINES =
      Set.of("application/x-ndjson", "application/ndjson", "application/jsonl");

  private final ToolListener listener;
  private final StringBuilder whole = new StringBuilder();
  private final StringBuilder piece = new StringBuilder();
  private final StorableText.Stream text = new StorableText.Stream();

  private StreamedResponseText(ToolListener listener) {
    this.listener = listener;
  }

  /** Whether an answer is told while it comes in, rather than when it is whole. */
  public static boolean isStreamed(StreamingResponse answer) {
    var type = answer.mediaType();
    return answer.status() >= 200
        && answer.status() < 300
        && (type.equals(SseReader.MEDIA_TYPE)
            || LINES.contains(type)
            || type.equals("text/plain") && answer.header("Content-Length").isEmpty());
  }

  /**
   * Reads the answer to its end.
   *
   * @return the whole of it
   */
  public static String read(StreamingResponse answer, ToolListener listener) throws IOException {
    var read = new StreamedResponseText(listener);
    if (answer.mediaType().equals(SseReader.MEDIA_TYPE)) {
      read.events(new SseReader(answer));
    } else {
      read.text(new InputStreamReader(answer.body(), answer.charset()));
    }
    return read.whole.isEmpty()
        ? "{\"status\":%d}".formatted(answer.status())
        : read.whole.toString();
  }

  private void text(Reader body) throws IOException {
    var chars = new char[MOST_AT_ONCE];
    for (int read = body.read(chars); read >= 0; read = body.read(chars)) {
      piece.append(chars, 0, read);
      boolean half = read > 0 && Character.isHighSurrogate(chars[read - 1]);
      tell(piece.substring(0, piece.length() - (half ? 1 : 0)));
      piece.delete(0, piece.length() - (half ? 1 : 0));
    }
  }

  private void events(SseReader events) throws IOException {
    for (var event = events.next(); event != null; event = events.next()) {
      var data = event.text();
      if (!data.equals("[DONE]")) {
        tell(whole.isEmpty() ? data : "\n" + data);
      }
    }
  }

  private void tell(String more) {
    var storable = text.next(more);
    if (!storable.isEmpty()) {
      whole.append(storable);
      listener.onOutput(storable);
    }
  }
}
