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
 * Reads a response that is passed on while it arrives: plain text without a length, lines of JSON,
 * or server-sent events, whose data is the text, one line for each event.
 */
public final class StreamedResponseText {
  private static final int BUFFER_CHARACTERS = 4_096;
  private static final Set<String> LINES =
      Set.of("application/x-ndjson", "application/ndjson", "application/jsonl");

  private final ToolListener listener;
  private final StringBuilder whole = new StringBuilder();
  private final StringBuilder piece = new StringBuilder();
  private final StorableText.Stream text = new StorableText.Stream();

  private StreamedResponseText(ToolListener listener) {
    this.listener = listener;
  }

  /** Whether a response is passed on while it arrives, rather than when it is complete. */
  public static boolean isStreamed(StreamingResponse answer) {
    var type = answer.mediaType();
    return answer.status() >= 200
        && answer.status() < 300
        && (type.equals(SseReader.MEDIA_TYPE)
            || LINES.contains(type)
            || type.equals("text/plain") && answer.header("Content-Length").isEmpty());
  }

  /**
   * Reads the response to its end and passes each piece to the listener.
   *
   * @return the whole text
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
    var chars = new char[BUFFER_CHARACTERS];
    for (int read = body.read(chars); read >= 0; read = body.read(chars)) {
      piece.append(chars, 0, read);
      boolean half = read > 0 && Character.isHighSurrogate(chars[read - 1]);
      emit(piece.substring(0, piece.length() - (half ? 1 : 0)));
      piece.delete(0, piece.length() - (half ? 1 : 0));
    }
  }

  private void events(SseReader events) throws IOException {
    for (var event = events.next(); event != null; event = events.next()) {
      var data = event.text();
      if (!data.equals("[DONE]")) {
        emit(whole.isEmpty() ? data : "\n" + data);
      }
    }
  }

  private void emit(String more) {
    var storable = text.next(more);
    if (!storable.isEmpty()) {
      whole.append(storable);
      listener.onOutput(storable);
    }
  }
}
