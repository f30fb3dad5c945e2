package dev.threadmill.tools;

/** A call cannot be made. The message is fit for a model and for a client. */
public final class ToolException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient ToolError error;
  private final boolean retryable;

  /**
   * A call that cannot be made.
   *
   * @param type of the {@link ToolError}
   * @param retryable whether another try may succeed
   */
  public ToolException(String type, boolean retryable, String message) {
    super(message);
    this.error = ToolError.of(type, message);
    this.retryable = retryable;
  }

  /** Whether another try may succeed. */
  public boolean isRetryable() {
    return retryable;
  }

  /** What the model is given. */
  public ToolError error() {
    return error;
  }
}
