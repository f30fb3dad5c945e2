package dev.threadmill.memory.recall;

import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.search.Hit;

/** What an indexed text is. */
public enum SourceType {
  MESSAGE,
  FACT;

  static SourceType of(Hit hit) {
    return new TextFeatures(hit.flags()).isFact() ? FACT : MESSAGE;
  }
}
