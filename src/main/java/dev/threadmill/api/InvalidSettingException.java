package dev.threadmill;

/**
 * A setting that the server cannot start with; the message is one line that begins with the name of
 * the variable.
 */
final class InvalidSettingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InvalidSettingException(String variable, String what) {
    super(variable + " " + what);
  }

  InvalidSettingException(String variable, Object value, String what) {
    this(variable + "=" + value, what);
  }
}
