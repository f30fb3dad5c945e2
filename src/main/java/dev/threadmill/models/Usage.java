package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Tokens that model calls used, and what they cost.
 *
 * @param reasoningTokens the part of the completion that was reasoning; 0 if the provider does not
 *     say
 * @param cachedTokens the part of the prompt that the provider had in its cache
 * @param audioPromptTokens the part of the prompt that was sound
 * @param audioCompletionTokens the part of the completion that was sound
 * @param imageTokens the part of the prompt that was images
 * @param cost null if the price of one of the calls is not known
 */
public record Usage(
    long promptTokens,
    long completionTokens,
    @JsonIgnore long reasoningTokens,
    @JsonIgnore long cachedTokens,
    @JsonIgnore long audioPromptTokens,
    @JsonIgnore long audioCompletionTokens,
    @JsonIgnore long imageTokens,
    Money cost) {
  public static final Usage NONE = new Usage(0, 0);

  /** Usage without reasoning tokens, whose cost is not known unless it is nothing. */
  public Usage(long promptTokens, long completionTokens) {
    this(promptTokens, completionTokens, 0);
  }

  /** Usage of text without a cache, whose cost is not known unless it is nothing. */
  public Usage(long promptTokens, long completionTokens, long reasoningTokens) {
    this(
        promptTokens,
        completionTokens,
        reasoningTokens,
        0,
        0,
        0,
        0,
        promptTokens == 0 && completionTokens == 0 ? Money.NONE : null);
  }

  public Usage plus(Usage other) {
    return new Usage(
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        reasoningTokens + other.reasoningTokens,
        cachedTokens + other.cachedTokens,
        audioPromptTokens + other.audioPromptTokens,
        audioCompletionTokens + other.audioCompletionTokens,
        imageTokens + other.imageTokens,
        cost == null || other.cost == null ? null : cost.plus(other.cost));
  }

  /** The same with counts of 31 bits at most, as the rows of runs and steps have them. */
  public Usage capped() {
    return new Usage(
        Math.min(promptTokens, Integer.MAX_VALUE),
        Math.min(completionTokens, Integer.MAX_VALUE),
        Math.min(reasoningTokens, Integer.MAX_VALUE),
        Math.min(cachedTokens, Integer.MAX_VALUE),
        Math.min(audioPromptTokens, Integer.MAX_VALUE),
        Math.min(audioCompletionTokens, Integer.MAX_VALUE),
        Math.min(imageTokens, Integer.MAX_VALUE),
        cost);
  }

  /** The same with parts of the prompt and the completion; each is cut to what there is. */
  public Usage withParts(
      long cached, long audioOfPrompt, long audioOfCompletion, long imagesOfPrompt) {
    long sound = Math.clamp(audioOfPrompt, 0, promptTokens);
    long images = Math.clamp(imagesOfPrompt, 0, promptTokens - sound);
    return new Usage(
        promptTokens,
        completionTokens,
        reasoningTokens,
        Math.clamp(cached, 0, promptTokens - sound - images),
        sound,
        Math.clamp(audioOfCompletion, 0, Math.max(0, completionTokens - reasoningTokens)),
        images,
        cost);
  }

  /** The same with its cost by this price, which is null if it is not known. */
  public Usage at(Price price) {
    if (price == null) {
      return withCost(totalTokens() == 0 ? Money.NONE : null);
    }
    return withCost(price.of(this));
  }

  /** The same at this cost; null if it is not known. */
  public Usage withCost(Money amount) {
    return new Usage(
        promptTokens,
        completionTokens,
        reasoningTokens,
        cachedTokens,
        audioPromptTokens,
        audioCompletionTokens,
        imageTokens,
        amount);
  }

  @JsonProperty
  public long totalTokens() {
    return promptTokens + completionTokens;
  }

  /** The parts of the prompt, as chat completions show them; null if they are not known. */
  @JsonProperty
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public PromptDetails promptTokensDetails() {
    return cachedTokens == 0 && audioPromptTokens == 0
        ? null
        : new PromptDetails(cachedTokens, audioPromptTokens);
  }

  /** The parts of the completion, as chat completions show them; null if they are not known. */
  @JsonProperty
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public Details completionTokensDetails() {
    return reasoningTokens == 0 && audioCompletionTokens == 0
        ? null
        : new Details(reasoningTokens, audioCompletionTokens);
  }

  /** The parts of a prompt. */
  public record PromptDetails(
      long cachedTokens, @JsonInclude(JsonInclude.Include.NON_DEFAULT) long audioTokens) {}

  /** The parts of a completion. */
  public record Details(
      long reasoningTokens, @JsonInclude(JsonInclude.Include.NON_DEFAULT) long audioTokens) {}
}
