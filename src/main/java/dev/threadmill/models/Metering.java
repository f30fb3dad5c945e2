package dev.threadmill.models;

import dev.threadmill.api.ApiException;

/** Counts calls of models that clients make directly. */
public interface Metering {
  /**
   * Admits the current request and returns the model for it, whose calls are counted, and throw
   * {@link LimitReachedException} where a limit does not allow them.
   *
   * @throws ApiException 429 if it may call no model
   */
  LanguageModel metered(LanguageModel model);
}
