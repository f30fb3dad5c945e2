package dev.threadmill.runs.api;

/**
 * The words in which one reader of a run is told of it. It is used by one reader only, and may
 * remember what it has said. Its methods are called in the order of the events and must not block.
 */
public interface RunUpdateEncoder {
  /**
   * What to tell of an event.
   *
   * @param id the event's place, behind which {@link RunHandle#stream} can go on
   * @return bytes; null for nothing
   */
  byte[] encode(String id, RunUpdate event);

  /** What closes the stream. */
  default byte[] end() {
    return new byte[0];
  }
}
