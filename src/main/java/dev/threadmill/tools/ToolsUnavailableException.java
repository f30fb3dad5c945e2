package dev.threadmill.tools;

/** The tools of a run cannot be found out. The message is fit for a client. */
public final class ToolsUnavailableException extends Exception {
  private static final long serialVersionUID = 1;

  ToolsUnavailableException(String message) {
    super(message);
  }
}
