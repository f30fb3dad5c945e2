package dev.threadmill.guard;

import dev.threadmill.api.ApiException;

/**
 * Thrown by a {@link ContentFilter} that rejects a text. What the filter has let pass of a stream
 * before stays valid; nothing of the rejected text is stored, streamed or sent to a model.
 */
public final class ContentRejectedException extends RuntimeException {
  /** The code of errors for rejected texts. */
  public static final String CODE = "content_filter";

  private static final long serialVersionUID = 1;

  /**
   * @param reason a sentence for clients and models, without the rejected text
   */
  public ContentRejectedException(String reason) {
    super(reason, null, false, false);
  }

  /** The 400 for a client whose text was rejected. */
  public ApiException asApiException(String param) {
    return ApiException.invalid(
        param,
        CODE,
        "Invalid '%s': a content filter rejected it: %s".formatted(param, getMessage()));
  }
}
