package dev.threadmill.lab.bench;

import dev.threadmill.lab.provider.ProviderTimestamps;
import java.io.IOException;

/**
 * Reads the stream of an answer from the provider or the server, and records when the first token
 * arrives.
 */
final class TimedStreamReader {
  private final long since;
  private long firstNanos = -1;
  private long providerFirst;
  private long providerTotal;
  private long promptBytes;

  /** Measures from this moment on, in terms of {@link System#nanoTime}. */
  TimedStreamReader(long since) {
    this.since = since;
  }

  /** Reads to the end. Returns the last line that contains this text, null if none does. */
  String read(HttpConnection.Body body, String wanted) throws IOException {
    String found = null;
    for (var line = body.nextLine(); line != null; line = body.nextLine()) {
      if (firstNanos < 0 && line.contains(ProviderTimestamps.FIRST)) {
        firstNanos = System.nanoTime() - since;
        providerFirst = ProviderTimestamps.read(ProviderTimestamps.FIRST, line);
      }
      if (providerTotal == 0 && line.contains(ProviderTimestamps.LAST)) {
        providerTotal = ProviderTimestamps.read(ProviderTimestamps.LAST, line);
        promptBytes = ProviderTimestamps.read(ProviderTimestamps.BODY, line);
      }
      if (line.contains(wanted)) {
        found = line;
      }
    }
    return found;
  }

  /** Reads up to the first token. */
  void readFirst(HttpConnection.Body body) throws IOException {
    for (var line = body.nextLine(); line != null; line = body.nextLine()) {
      if (line.contains(ProviderTimestamps.FIRST)) {
        return;
      }
    }
    throw new IOException("the stream ended before the first token");
  }

  /** The measurements of a run that ends now. */
  Sample done() throws IOException {
    if (firstNanos < 0 || providerTotal == 0) {
      throw new IOException("the stream ended before the answer was complete");
    }
    return new Sample(
        firstNanos, System.nanoTime() - since, providerFirst, providerTotal, promptBytes);
  }
}
