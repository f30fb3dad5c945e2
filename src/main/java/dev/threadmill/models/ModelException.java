package dev.threadmill.models;

/**
 * A call of a model failed, with all its retries. The message may be shown to clients: it contains
 * no secret and no private address.
 */
public class ModelException extends RuntimeException {
  /** The kind of failure. */
  public enum Kind {
    /** The provider limits the rate, also after all retries. */
    RATE_LIMITED,
    /** The provider refuses the request: too long, malformed, not allowed. */
    INVALID_PROMPT,
    /** There is no such model, or no provider for it. */
    UNKNOWN_MODEL,
    /** The provider is down, hangs, stops in the middle, or sends what cannot be parsed. */
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
