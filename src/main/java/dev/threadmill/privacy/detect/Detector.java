package dev.threadmill.privacy.detect;

import java.util.function.Consumer;

/**
 * Finds one or more kinds of personal data. Implementations take time linear in the length of the
 * text, look at most {@link PersonalData#CONTEXT} characters back for context, and return nothing
 * with spaces in it that is longer than {@link PersonalData#LONGEST}.
 */
interface Detector {
  /** Passes each finding on, in any order; they may overlap. */
  void find(String text, Consumer<Finding> findings);
}
