package dev.threadmill;

/**
 * A setting that the server cannot start with; the message is one line that begins with the name of
 * the variable.
 */
final class InvalidSetting extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InvalidSetting(String variable, String what) {
    super(variable + " " + what);
  }

  InvalidSetting(String variable, Object value, String what) {
    this(variable + "=" + value, what);
  }
}
