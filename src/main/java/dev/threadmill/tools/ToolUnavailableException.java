package dev.threadmill.tools;

/** A tool that the run needs cannot be used on this server, so the run fails. */
public final class ToolUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param line one plain line for the error of the run: why, and what to do about it
   */
  public ToolUnavailableException(String line) {
    super(line);
  }
}
