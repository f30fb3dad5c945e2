package dev.threadmill.runs.api;

/**
 * The form in which one reader receives the updates of a run. Each reader has its own encoder,
 * which may hold state. Its methods are called in the order of the updates and must not block.
 */
public interface RunUpdateEncoder {
  /**
   * The bytes of an update.
   *
   * @param id the id behind which {@link RunHandle#stream} can resume; null for an update that is
   *     followed by others of the same event
   * @return null for an update that the reader does not receive
   */
  byte[] encode(String id, RunUpdate update);

  /** The bytes that end the stream; empty for none. */
  default byte[] end() {
    return new byte[0];
  }
}
