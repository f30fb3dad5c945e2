package dev.threadmill.api;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.Optional;

/**
 * An error response, which {@link ExceptionMappers} writes to the client unchanged. The message is
 * part of the wire contract and contains nothing that the client may not see.
 */
public class ApiException extends WebApplicationException {
  private final ApiError error;
  private final int httpStatus;
  private final transient Duration retryAfter;
  private final boolean retryDiscouraged;

  public ApiException(int httpStatus, ApiError error) {
    this(httpStatus, error, null, false);
  }

  private ApiException(
      int httpStatus, ApiError error, Duration retryAfter, boolean pointlessToRetry) {
    super(error.message(), Response.Status.fromStatusCode(httpStatus) == null ? 500 : httpStatus);
    this.httpStatus = httpStatus;
    this.error = error;
    this.retryAfter = retryAfter;
    this.retryDiscouraged = pointlessToRetry;
  }

  /** 400 for an invalid parameter. */
  public static ApiException invalid(String param, String message) {
    return invalid(param, "invalid_value", message);
  }

  /** 400 with a code of its own, such as {@code unknown_parameter}. */
  public static ApiException invalid(String param, String code, String message) {
    return new ApiException(400, new ApiError(message, ApiError.INVALID_REQUEST, param, code));
  }

  /** 400 for a missing required parameter. */
  public static ApiException missing(String param) {
    return invalid(
        param, "missing_required_parameter", "Missing required parameter: '%s'.".formatted(param));
  }

  /** 400 for a call that the state of the object forbids, such as a run on a locked thread. */
  public static ApiException invalidState(String message) {
    return new ApiException(400, new ApiError(message, ApiError.INVALID_REQUEST, null, null));
  }

  /** 404: the object does not exist or belongs to another project. */
  public static ApiException notFound(String kind, Object id) {
    return new ApiException(
        404,
        new ApiError(
            "No %s found with id '%s'.".formatted(kind, id), ApiError.INVALID_REQUEST, null, null));
  }

  /** 401: no key, or an unknown one. */
  public static ApiException unauthorized(String message) {
    return new ApiException(
        401, new ApiError(message, ApiError.INVALID_REQUEST, null, "invalid_api_key"));
  }

  /** 403: the key has no permission. */
  public static ApiException forbidden(String message) {
    return new ApiException(403, new ApiError(message, "permission_error", null, null));
  }

  /** 429 with {@code Retry-After}. */
  public static ApiException tooMany(String code, String message, Duration retryAfter) {
    return new ApiException(
        429, new ApiError(message, "rate_limit_error", null, code), retryAfter, false);
  }

  /**
   * 429 for an exhausted budget, with a header that tells SDKs not to retry.
   *
   * @param retryAfter until the budget is renewed; null if it never is
   */
  public static ApiException insufficientQuota(String message, Duration retryAfter) {
    return new ApiException(
        429,
        new ApiError(message, "insufficient_quota", null, "insufficient_quota"),
        retryAfter,
        true);
  }

  /** 503 with {@code Retry-After}: nothing was done and the caller should retry. */
  public static ApiException unavailable(String message, long retryAfterSeconds) {
    return new ApiException(
        503,
        new ApiError(message, ApiError.SERVER_ERROR, null, "unavailable"),
        Duration.ofSeconds(Math.max(1, retryAfterSeconds)),
        false);
  }

  public ApiError error() {
    return error;
  }

  public int httpStatus() {
    return httpStatus;
  }

  public Optional<String> param() {
    return Optional.ofNullable(error.param());
  }

  /** The time after which a retry may succeed, if known. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Whether the response instructs clients not to retry although the status suggests it. */
  public boolean isRetryDiscouraged() {
    return retryDiscouraged;
  }
}
