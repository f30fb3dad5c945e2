package dev.threadmill.chaos;

import java.util.Locale;

/**
 * A promise that was not kept.
 *
 * @param promise its number in docs/guarantees.md, as I1
 * @param effect what that means to whoever relied on it
 * @param what what was found
 */
public record Violation(String promise, Effect effect, String what) {
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
    return "%s %s: %s".formatted(promise, effect.name().toLowerCase(Locale.ROOT), what);
  }
}
