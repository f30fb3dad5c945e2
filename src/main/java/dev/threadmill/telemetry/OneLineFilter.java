package dev.threadmill.telemetry;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Keeps a log record on the lines that are its own: control characters in a message, or in the
 * message of an exception, are written as escapes. A path, a pattern or a provider's answer may
 * hold line breaks, with which it could forge records.
 */
public final class OneLineFilter implements Filter {
  @Override
  public boolean isLoggable(LogRecord logged) {
    var record = ExtLogRecord.wrap(logged);
    var message = record.getFormattedMessage();
    var escaped = escaped(message);
    if (escaped != message) {
      record.setMessage(escaped, ExtLogRecord.FormatStyle.NO_FORMAT);
      record.setParameters(null);
    }
    var thrown = record.getThrown();
    if (thrown != null && hasLineBreak(thrown, identitySet())) {
      record.setThrown(EscapedThrowable.of(thrown, identitySet()));
    }
    return true;
  }

  private static Set<Throwable> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  private static boolean hasLineBreak(Throwable thrown, Set<Throwable> seen) {
    if (thrown == null || !seen.add(thrown)) {
      return false;
    }
    var text = thrown.toString();
    if (escaped(text) != text || hasLineBreak(thrown.getCause(), seen)) {
      return true;
    }
    for (var suppressed : thrown.getSuppressed()) {
      if (hasLineBreak(suppressed, seen)) {
        return true;
      }
    }
    return false;
  }

  /** The text with control characters as escapes; the same object if there are none. */
  static String escaped(String text) {
    if (text == null || text.chars().noneMatch(OneLineFilter::breaksLine)) {
      return text;
    }
    var escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        default -> {
          if (breaksLine(c)) {
            escaped.append("\\u%04x".formatted((int) c));
          } else {
            escaped.append(c);
          }
        }
      }
    }
    return escaped.toString();
  }

  private static boolean breaksLine(int c) {
    return Character.isISOControl(c) || c == 0x2028 || c == 0x2029;
  }

  /** An exception as the log shows it. */
  private static final class EscapedThrowable extends Throwable {
    private static final long serialVersionUID = 1L;
    private final String text;

    private EscapedThrowable(String text, Throwable cause) {
      super(null, cause, true, true);
      this.text = text;
    }

    /**
     * @param seen the exceptions above this one, which are not shown again
     */
    static EscapedThrowable of(Throwable original, Set<Throwable> seen) {
      seen.add(original);
      var cause = original.getCause();
      var shown =
          new EscapedThrowable(
              escaped(original.toString()),
              cause == null || seen.contains(cause) ? null : of(cause, seen));
      shown.setStackTrace(original.getStackTrace());
      for (var suppressed : original.getSuppressed()) {
        if (!seen.contains(suppressed)) {
          shown.addSuppressed(of(suppressed, seen));
        }
      }
      return shown;
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
