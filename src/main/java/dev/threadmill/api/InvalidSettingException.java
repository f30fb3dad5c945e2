package dev.threadmill.api;

/**
 * A setting that the server cannot start with; the message is one line that begins with the name of
 * the variable.
 */
public final class InvalidSettingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public InvalidSettingException(String variable, String what) {
    super(variable + " " + what);
  }

  public InvalidSettingException(String variable, Object value, String what) {
    this(variable + "=" + value, what);
  }
}
