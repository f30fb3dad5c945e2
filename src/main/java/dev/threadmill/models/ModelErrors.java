package dev.threadmill.models;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import java.time.Duration;

/** Errors of models as errors of the API. */
public final class ModelErrors {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private ModelErrors() {}

  /**
   * The response for a failed call.
   *
   * @param model as the client named it
   * @param param the field of the request that is wrong if the provider refuses it
   */
  public static ApiException of(ModelException e, String model, String param) {
    if (e instanceof LimitReachedException limit && limit.isQuota()) {
      return ApiException.insufficientQuota(e.getMessage(), limit.retryAfter().orElse(null));
    }
    if (e instanceof RegionMismatchException) {
      return ApiException.invalid("model", RegionMismatchException.CODE, e.getMessage());
    }
    return switch (e.kind()) {
      case RATE_LIMITED ->
          ApiException.tooMany("rate_limit_exceeded", e.getMessage(), retryAfter(e));
      case INVALID_PROMPT -> ApiException.invalid(param, "invalid_prompt", e.getMessage());
      case UNKNOWN_MODEL -> unknownModel(model);
      case PROVIDER_FAILED ->
          new ApiException(
              502, new ApiError(e.getMessage(), ApiError.SERVER_ERROR, null, "provider_failed"));
    };
  }

  /** 404 for a model that does not exist. */
  public static ApiException unknownModel(String model) {
    return new ApiException(
        404,
        new ApiError(
            "The model '%s' does not exist or you do not have access to it.".formatted(model),
            ApiError.INVALID_REQUEST,
            "model",
            "model_not_found"));
  }

  private static Duration retryAfter(ModelException e) {
    return e instanceof LimitReachedException limit
        ? limit.retryAfter().orElse(RETRY_AFTER)
        : RETRY_AFTER;
  }
}
