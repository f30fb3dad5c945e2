package dev.threadmill.limits;

import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.Money;
import dev.threadmill.models.Price;
import dev.threadmill.models.TokenCounter;

/**
 * The most that a model call may use.
 *
 * @param maxPromptTokens tokens of the prompt: our count and a quarter, since models differ in
 *     their tokenizers
 * @param maxCompletionTokens tokens of the longest answer
 * @param isCapped whether the caller has bounded the answer; if not, it may be bounded further
 * @param price null if it is not known
 * @param expectedTokens tokens that it will likely use, for the rate
 */
record CallEstimate(
    int maxPromptTokens,
    int maxCompletionTokens,
    boolean isCapped,
    Price price,
    int expectedTokens) {
  private static final int MARGIN_DIVISOR = 4;
  private static final int MARGIN = 16;
  private static final int MAX_IMAGE_TOKENS = 3_000;

  /** The rate expects this of an answer without a bound, until its usage is known. */
  private static final int TYPICAL_ANSWER_TOKENS = 512;

  static CallEstimate of(ModelInfo model, ModelRequest request) {
    int counted = TokenCounter.count(request);
    long prompt = withMargin(counted) + ofPictures(request);
    boolean capped = request.maxCompletionTokens() != null;
    int completion =
        capped ? Math.min(request.maxCompletionTokens(), model.maxOutput()) : model.maxOutput();
    long estimate =
        (long) counted + (capped ? completion : Math.min(completion, TYPICAL_ANSWER_TOKENS));
    return new CallEstimate(clip(prompt), completion, capped, model.price(), clip(estimate));
  }

  /** Of a call without a completion. */
  static CallEstimate of(ModelInfo model, int promptTokens) {
    return new CallEstimate(
        clip(withMargin(promptTokens)), 0, true, model.price(), clip(promptTokens));
  }

  private static long withMargin(int counted) {
    return (long) counted + counted / MARGIN_DIVISOR + MARGIN;
  }

  /** The least that the call needs: its prompt and a short answer. */
  long minTokens() {
    return (long) maxPromptTokens
        + Math.min(maxCompletionTokens, ReservationStore.MIN_ANSWER_TOKENS);
  }

  /** The price of {@link #minTokens}; none if the price is not known. */
  Money minCost() {
    return price == null
        ? Money.NONE
        : price.most(
            maxPromptTokens, Math.min(maxCompletionTokens, ReservationStore.MIN_ANSWER_TOKENS));
  }

  /** What images and documents may cost beyond the count of their tokens, which is an estimate. */
  private static long ofPictures(ModelRequest request) {
    long tokens = 0;
    for (var message : request.messages()) {
      if (message instanceof ModelMessage.User(var parts)) {
        for (var part : parts) {
          tokens +=
              switch (part) {
                case ModelPart.Image _ -> MAX_IMAGE_TOKENS;
                case ModelPart.File _ -> TokenCounter.count(part);
                case ModelPart.Text _, ModelPart.Audio _ -> 0;
              };
        }
      }
    }
    return tokens;
  }

  private static int clip(long tokens) {
    return (int) Math.min(Integer.MAX_VALUE / 2, tokens);
  }
}
