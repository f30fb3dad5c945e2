package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.models.Usage;

/** What the events of a response say that the library does not pass on, or only in part. */
final class Received {
  private static final long MAX = Long.MAX_VALUE / 4;

  private final ClaudeBlocks blocks = new ClaudeBlocks();
  private String finishReason = "";
  private long prompt = -1;
  private long completion = -1;
  private long reasoning;
  private long cached;
  private int calls;
  private String id;
  private String model;

  /** The content blocks of a response of Claude. */
  ClaudeBlocks blocks() {
    return blocks;
  }

  /** The reason for the end as the provider spells it; empty if it named none. */
  String finishReason() {
    return finishReason;
  }

  void finish(JsonNode reason) {
    if (reason.isTextual() && !reason.textValue().isBlank()) {
      finishReason = reason.textValue();
    }
  }

  void prompt(JsonNode count) {
    prompt = isCount(count) ? count(count) : prompt;
  }

  void completion(JsonNode count) {
    completion = isCount(count) ? count(count) : completion;
  }

  void reasoning(JsonNode count) {
    reasoning = isCount(count) ? count(count) : reasoning;
  }

  /** The id of the response and its model, as far as an event has them. */
  void origin(JsonNode responseId, JsonNode itsModel) {
    id = responseId.isTextual() ? responseId.textValue() : id;
    model = itsModel.isTextual() ? itsModel.textValue() : model;
  }

  /** The id of the response; null if the provider has not said it. */
  String id() {
    return id;
  }

  /** The model that responds; null if the provider has not said it. */
  String model() {
    return model;
  }

  /** The part of the prompt that the provider had in its cache. */
  void cached(JsonNode count) {
    cached = isCount(count) ? count(count) : cached;
  }

  /** The number of the next tool call, from 0. */
  int nextCall() {
    return calls++;
  }

  /**
   * The usage; null if the provider counted nothing.
   *
   * @param isReasoningApart whether the provider counts reasoning beside the completion
   */
  Usage usage(boolean isReasoningApart) {
    if (prompt < 0 && completion < 0) {
      return null;
    }
    long all = isReasoningApart && completion >= 0 ? completion + reasoning : completion;
    return new Usage(prompt, all, reasoning, cached, 0, 0, 0, null);
  }

  private static boolean isCount(JsonNode count) {
    return count.isNumber() && count.doubleValue() >= 0;
  }

  private static long count(JsonNode count) {
    return count.doubleValue() > MAX ? MAX : count.longValue();
  }
}
