package dev.threadmill.models;

import java.util.List;

/** A piece of a response, emitted as soon as it arrives. Pieces are never empty. */
public sealed interface ModelDelta {
  /** More of the text. */
  record Text(String text) implements ModelDelta {}

  /** More of the refusal, which can come in place of text. */
  record Refusal(String text) implements ModelDelta {}

  /** More of the reasoning. */
  record Reasoning(String text) implements ModelDelta {}

  /**
   * A tool call starts.
   *
   * @param index its place among the calls of the response, from 0 without gaps
   */
  record ToolCallStarted(int index, String name) implements ModelDelta {}

  /** More of the arguments of the call with this index, which was started before. */
  record ToolCallArguments(int index, String fragment) implements ModelDelta {}

  /**
   * More of the spoken answer. What a piece does not have is null.
   *
   * @param id by which the provider knows the sound; for later requests
   * @param data in base64
   * @param transcript more of the text that is spoken
   * @param expiresAt until when the provider knows the id, in seconds
   */
  record Speech(String id, String data, String transcript, Long expiresAt) implements ModelDelta {}

  /**
   * A page of the web supports a range of the text, which has arrived before.
   *
   * @param title the address if it has none
   * @param start the index of the first code point of the range in the text
   * @param end the index behind its last code point
   */
  record Citation(String url, String title, int start, int end) implements ModelDelta {}

  /** Two or more pieces that arrived together. */
  record Batch(List<ModelDelta> pieces) implements ModelDelta {}
}
