package dev.threadmill.runs.store;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.threadmill.api.ApiException;

/**
 * Which messages of the thread a run shows to the model.
 *
 * @param type {@code auto} (what fits, dropping from the middle), {@code last_messages}, or {@code
 *     disabled}: the run fails if the thread does not fit
 * @param lastMessages how many of the newest, for {@code last_messages}; else null
 */
public record TruncationStrategy(String type, Integer lastMessages) {
  /** As much of the thread as the context window allows. */
  public static final TruncationStrategy AUTO = new TruncationStrategy("auto", null);

  /** The whole thread, or none of it. */
  public static final TruncationStrategy DISABLED = new TruncationStrategy("disabled", null);

  @JsonCreator
  public TruncationStrategy {
    if (type == null) {
      throw ApiException.missing("truncation_strategy.type");
    }
    switch (type) {
      case "auto", "disabled" -> {
        if (lastMessages != null) {
          throw ApiException.invalid(
              "truncation_strategy.last_messages",
              "Invalid 'truncation_strategy.last_messages': only for type 'last_messages'.");
        }
      }
      case "last_messages" -> {
        if (lastMessages == null) {
          throw ApiException.missing("truncation_strategy.last_messages");
        }
        if (lastMessages < 1) {
          throw ApiException.invalid(
              "truncation_strategy.last_messages",
              "Invalid 'truncation_strategy.last_messages': expected an integer of at least 1.");
        }
      }
      default ->
          throw ApiException.invalid(
              "truncation_strategy.type",
              "Invalid 'truncation_strategy.type': expected 'auto', 'disabled' or 'last_messages'.");
    }
  }
}
