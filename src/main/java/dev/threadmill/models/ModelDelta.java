package dev.threadmill.models;

import java.util.List;

/** A piece of an answer, told as soon as the provider has sent it. Pieces are never empty. */
public sealed interface ModelDelta {
  /** More of the text. */
  record Text(String text) implements ModelDelta {}

  /** More of the refusal, which a provider may give in place of text. */
  record Refusal(String text) implements ModelDelta {}

  /** More of the reasoning that precedes the answer. */
  record Reasoning(String text) implements ModelDelta {}

  /**
   * A tool call begins.
   *
   * @param index its place among the answer's calls, rising from 0 without gaps
   */
  record ToolCallStarted(int index, String name) implements ModelDelta {}

  /** More of the arguments of the call with this index, which has begun before. */
  record ToolCallArguments(int index, String fragment) implements ModelDelta {}

  /** Pieces that the provider has sent in one go, of which there are at least two. */
  record Batch(List<ModelDelta> pieces) implements ModelDelta {}
}
