package dev.threadmill.api;

/**
 * What went wrong, as the official SDKs read it: all four keys are always there.
 *
 * @param param the parameter to blame, as a path such as {@code tools[1].type}; null if none
 * @param code what a program may switch on; null if none
 */
public record ApiError(String message, String type, String param, String code) {
  public static final String INVALID_REQUEST = "invalid_request_error";
  public static final String SERVER_ERROR = "server_error";

  /** The envelope in which an error travels. */
  public record Envelope(ApiError error) {}

  public Envelope inEnvelope() {
    return new Envelope(this);
  }
}
