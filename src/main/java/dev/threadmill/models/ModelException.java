package dev.threadmill.models;

/**
 * A model could not be brought to answer, retries included. The message may be shown to clients: it
 * holds no secret and no address.
 */
public class ModelException extends RuntimeException {
  /** What kept the model from answering. */
  public enum Kind {
    /** The provider limits the rate and went on doing so. */
    RATE_LIMITED,
    /** The provider refuses the request itself: too long, malformed, not allowed. */
    INVALID_PROMPT,
    /** There is no such model, or no provider for it. */
    UNKNOWN_MODEL,
    /** The provider is down, hangs, stops in mid-answer or answers garbage. */
    PROVIDER_FAILED
  }

  private final Kind kind;

  public ModelException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public ModelException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
