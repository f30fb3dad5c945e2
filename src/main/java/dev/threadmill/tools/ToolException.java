package dev.threadmill.tools;

/** A call cannot be made, or not be made again. The message is fit for a model and for a client. */
public final class ToolException extends Exception {
  private static final long serialVersionUID = 1;

  private final String type;
  private final boolean passing;

  /**
   * A failure.
   *
   * @param type in one word
   * @param passing whether another try may succeed
   */
  public ToolException(String type, boolean passing, String message) {
    super(message);
    this.type = type;
    this.passing = passing;
  }

  public boolean isRetryable() {
    return passing;
  }

  public String output() {
    return ToolError.output(type, getMessage());
  }
}
