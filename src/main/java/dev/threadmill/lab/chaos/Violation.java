package dev.threadmill.lab.chaos;

import java.util.Locale;

/**
 * A guarantee that does not hold.
 *
 * @param guarantee its number in docs/guarantees.md, for example I1
 * @param effect the consequence for a client
 * @param detail what was found
 */
public record Violation(String guarantee, Effect effect, String detail) {
  /** What happened to an object or event that must exist once and in order. */
  public enum Effect {
    LOST,
    DUPLICATED,
    SKIPPED,
    /** Any other deviation. */
    WRONG
  }

  @Override
  public String toString() {
    return "%s %s: %s".formatted(guarantee, effect.name().toLowerCase(Locale.ROOT), detail);
  }
}
