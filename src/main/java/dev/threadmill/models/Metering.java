package dev.threadmill.models;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import java.util.function.IntSupplier;

/** Reserves and counts calls of models that clients make directly. */
public interface Metering {
  /**
   * Admits the current request and returns the model for it, whose calls are counted, and throw
   * {@link LimitReachedException} where a limit does not allow them.
   *
   * @param user whom the client calls for; null if it does not say
   * @throws ApiException 429 if it may call no model; 400 if the model is in another region than
   *     the project
   */
  LanguageModel metered(LanguageModel model, String user);

  /**
   * Admits the current request and reserves the tokens of a call that has a prompt and no
   * completion.
   *
   * @param user whom the client calls for; null if it does not say
   * @param promptTokens counts them, only if a limit needs them
   * @throws ApiException 429 if the request may call no model; 400 if the model is in another
   *     region than the project
   * @throws LimitReachedException if a limit does not allow the call
   */
  ReservedPrompt reserve(
      ModelInfo model, ModelOperation operation, String user, IntSupplier promptTokens)
      throws InterruptedException;

  /**
   * Reserves the tokens of a call that the server makes for a project, in a request or not.
   *
   * @throws LimitReachedException if a limit does not allow the call
   * @throws RegionMismatchException if the model may not read data of this project
   */
  ReservedPrompt reserveFor(
      ProjectId project, ModelInfo model, ModelOperation operation, IntSupplier promptTokens)
      throws InterruptedException;

  /** A reservation, to be settled once the call has ended. */
  interface ReservedPrompt {
    /**
     * Counts what the call has used and returns the rest.
     *
     * @param promptTokens 0 for a call that was refused
     * @param isCompleted whether the call has succeeded
     */
    void settle(long promptTokens, boolean isCompleted);
  }
}
