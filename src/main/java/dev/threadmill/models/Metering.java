package dev.threadmill.models;

import dev.threadmill.api.ApiException;

/** Who pays for calls of models that clients make directly. */
public interface Metering {
  /**
   * Lets the request in hand in, and gives the model that it may call: its calls are counted, and
   * throw {@link LimitReachedException} when they are not allowed.
   *
   * @throws ApiException 429 if it may not call any
   */
  LanguageModel metered(LanguageModel model);
}
