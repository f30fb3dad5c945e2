package dev.threadmill.protocols.responses;

import dev.threadmill.api.sse.EventStream;

/** The events of a stored response, which are found again by its id. */
record ReplayableStream(EventStream events, String replayAddress) implements EventStream {
  @Override
  public void open(Runnable wake) {
    events.open(wake);
  }

  @Override
  public Chunk next(int maxBytes) {
    return events.next(maxBytes);
  }

  @Override
  public void close() {
    events.close();
  }
}
