package dev.threadmill.models;

import java.util.function.Consumer;

/** A model that responds to prompts, as a stream. */
public interface LanguageModel {
  /** The abilities and the price of the model. */
  ModelInfo info();

  /** Whether it answers by rule, without knowledge of its own. */
  default boolean answersByRule() {
    return false;
  }

  /**
   * Calls the model and blocks the (virtual) thread until the response is complete. Retries
   * failures that may pass as long as no delta was emitted. An interrupt of the thread also ends
   * the call at the provider.
   *
   * @param deltas receives each piece as it arrives, on the calling thread
   * @throws ModelException if there is no complete response
   * @throws InterruptedException if the thread was interrupted
   */
  ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException;
}
