package dev.threadmill.models.chat;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import java.time.Duration;

/** Errors of models as errors of the API. */
final class ChatErrors {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private ChatErrors() {}

  static ApiException of(ModelException e, String model) {
    if (e instanceof LimitReachedException limit && limit.isQuota()) {
      return ApiException.insufficientQuota(e.getMessage(), limit.retryAfter().orElse(null));
    }
    return switch (e.kind()) {
      case RATE_LIMITED ->
          ApiException.tooMany("rate_limit_exceeded", e.getMessage(), retryAfter(e));
      case INVALID_PROMPT -> ApiException.invalid("messages", "invalid_prompt", e.getMessage());
      case UNKNOWN_MODEL ->
          new ApiException(
              404,
              new ApiError(
                  "The model '%s' does not exist or you do not have access to it.".formatted(model),
                  ApiError.INVALID_REQUEST,
                  "model",
                  "model_not_found"));
      case PROVIDER_FAILED ->
          new ApiException(
              502, new ApiError(e.getMessage(), ApiError.SERVER_ERROR, null, "provider_failed"));
    };
  }

  private static Duration retryAfter(ModelException e) {
    return e instanceof LimitReachedException limit
        ? limit.retryAfter().orElse(RETRY_AFTER)
        : RETRY_AFTER;
  }
}
