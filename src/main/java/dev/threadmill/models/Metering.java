package dev.threadmill.models;

import dev.threadmill.api.ApiException;
import java.util.function.IntSupplier;

/** Counts calls of models that clients make directly. */
public interface Metering {
  /**
   * Admits the current request and returns the model for it, whose calls are counted, and throw
   * {@link LimitReachedException} where a limit does not allow them.
   *
   * @throws ApiException 429 if it may call no model; 400 if the model is in another region than
   *     the project
   */
  LanguageModel metered(LanguageModel model);

  /**
   * Admits the current request for a model, which uses no tokens.
   *
   * @throws ApiException 429 if it may call no model; 400 if the model is in another region than
   *     the project
   */
  void admit(ModelInfo model);

  /**
   * Admits the current request and reserves the tokens of a call that has a prompt and no
   * completion.
   *
   * @param promptTokens counts them, only if a limit needs them
   * @throws ApiException 429 if the request may call no model; 400 if the model is in another
   *     region than the project
   * @throws LimitReachedException if a limit does not allow the call
   */
  ReservedPrompt reserve(ModelInfo model, IntSupplier promptTokens) throws InterruptedException;

  /** A reservation, to be settled once the call has ended. */
  interface ReservedPrompt {
    /** Counts what the call has used and returns the rest; 0 for a call that was refused. */
    void settle(long promptTokens);
  }
}
