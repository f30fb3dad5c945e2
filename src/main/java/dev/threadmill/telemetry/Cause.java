package dev.threadmill.telemetry;

import dev.threadmill.api.ApiKeyId;

/**
 * The request that led to an event.
 *
 * @param key the API key of the request; null if it is not known
 * @param requestId null if it is not known
 */
public record Cause(ApiKeyId key, String requestId) {
  /** No request is known. */
  public static final Cause NONE = new Cause(null, null);
}
