package dev.threadmill.api;

/**
 * An error as the official SDKs read it. All four keys are always present.
 *
 * @param param the invalid parameter, as a path such as {@code tools[1].type}; null if none
 * @param code a machine-readable code; null if none
 */
public record ApiError(String message, String type, String param, String code) {
  public static final String INVALID_REQUEST = "invalid_request_error";
  public static final String SERVER_ERROR = "server_error";

  /** The JSON envelope of an error. */
  public record Envelope(ApiError error) {}

  public Envelope inEnvelope() {
    return new Envelope(this);
  }
}
