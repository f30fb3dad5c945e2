package dev.threadmill.lab.chaos;

import java.util.Locale;

/**
 * A promise that was not kept.
 *
 * @param promise its number in docs/guarantees.md, as I1
 * @param effect what that means to whoever relied on it
 * @param what what was found
 */
public record Violation(String guarantee, Effect effect, String detail) {
  /** What became of something that should be there once and in its place. */
  public enum Effect {
    LOST,
    DUPLICATED,
    SKIPPED,
    /** Anything else that should not be. */
    WRONG
  }

  @Override
  public String toString() {
    return "%s %s: %s".formatted(guarantee, effect.name().toLowerCase(Locale.ROOT), detail);
  }
}
