package dev.threadmill.models;

import java.time.Duration;

/**
 * What can be configured for a provider and for a single model.
 *
 * @param firstByte the longest wait for the first byte of a response; null for the default
 * @param nextByte the longest wait between two bytes of a streamed response; null for the default
 * @param answer the longest wait for a response that is not streamed; null for the default
 * @param moderations whether {@code POST /moderations} is passed on; null for the default
 * @param files whether models whose names say so read PDF documents as they are; null for the
 *     default
 * @param prices the provider whose prices in the shipped list count, or {@code none}; null for the
 *     default
 */
public record ModelOptions(
    ReasoningTags reasoningTags,
    TextToolCalls textToolCalls,
    Duration firstByte,
    Duration nextByte,
    Duration answer,
    Boolean moderations,
    Boolean files,
    String prices) {
  /** Nothing is configured. */
  public static final ModelOptions DEFAULT =
      new ModelOptions(ReasoningTags.AUTO, TextToolCalls.NONE, null, null, null, null, null, null);

  /** The same with other abilities and prices; null for the default. */
  public ModelOptions with(Boolean hasModerations, Boolean readsFiles, String pricesOf) {
    return new ModelOptions(
        reasoningTags,
        textToolCalls,
        firstByte,
        nextByte,
        answer,
        hasModerations,
        readsFiles,
        pricesOf);
  }
}
