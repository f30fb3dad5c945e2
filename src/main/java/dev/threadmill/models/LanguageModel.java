package dev.threadmill.models;

import java.util.function.Consumer;

/** A model that answers a prompt, streaming first. */
public interface LanguageModel {
  /** What the model can do and what it costs. */
  ModelInfo info();

  /**
   * Calls the model and blocks the (virtual) thread until the answer is whole. Retries what may be
   * retried as long as no delta has been told. An interrupt of the thread ends the call at the
   * provider as well.
   *
   * @param deltas told each piece as it comes, on the calling thread
   * @throws ModelException if the model did not give a whole answer
   * @throws InterruptedException if the thread was interrupted
   */
  ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException;
}
