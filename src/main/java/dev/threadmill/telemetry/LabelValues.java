package dev.threadmill.telemetry;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds the values of a label, each of which is a time series of its own: the first ones stand for
 * themselves, all further ones for {@value #OTHER}.
 */
public final class LabelValues {
  /** The value that stands for all further ones. */
  public static final String OTHER = "other";

  private static final int MAX_LENGTH = 100;

  private final int max;
  private final Set<String> values = ConcurrentHashMap.newKeySet();

  /**
   * @param max the most values besides {@value #OTHER}; a few more at most if several threads bring
   *     new ones at the same moment
   */
  public LabelValues(int max) {
    this.max = max;
  }

  /** The value if it is one of the first, which it becomes if there are few yet. */
  public String known(String value) {
    if (values.contains(value)) {
      return value;
    }
    if (value.length() > MAX_LENGTH || values.size() >= max) {
      return OTHER;
    }
    values.add(value);
    return value;
  }

  /** The value if it is one of the first, else {@value #OTHER}. */
  public String ifKnown(String value) {
    return values.contains(value) ? value : OTHER;
  }
}
