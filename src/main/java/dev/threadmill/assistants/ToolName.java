package dev.threadmill.assistants;

import java.text.Normalizer;
import java.util.Locale;

/** Names of the functions by which models call assistants. */
public final class ToolName {
  private static final int MAX_LENGTH = 48;

  private ToolName() {}

  /**
   * A name in snake case of a to z, 0 to 9 and underscores, at most 48 long.
   *
   * @param id used if the name has no usable characters
   */
  public static String of(String name, String id) {
    var made = name == null ? "" : snake(name);
    var whole = made.isEmpty() ? snake(id) : made;
    return whole.length() <= MAX_LENGTH
        ? whole
        : whole.substring(0, MAX_LENGTH).replaceAll("_+$", "");
  }

  /** The name in snake case; empty if it has no usable characters. */
  static String snake(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFKD)
        .replaceAll("\\p{M}", "")
        .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
        .replaceAll("([A-Z])([A-Z][a-z])", "$1_$2")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z0-9]+", "_")
        .replaceAll("^_|_$", "");
  }
}
