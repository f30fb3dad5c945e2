package dev.threadmill.models.response;

import java.util.function.Consumer;

/**
 * Cuts long pieces of text, so that taking one tag after another off the beginning of what is
 * pending moves little text each time.
 */
final class Slices {
  private static final int CHARACTERS = 4_096;

  private Slices() {}

  /** The text in order, in slices of a few thousand characters. */
  static void forEach(String text, Consumer<String> receiver) {
    for (int from = 0; from < text.length(); from += CHARACTERS) {
      receiver.accept(text.substring(from, Math.min(text.length(), from + CHARACTERS)));
    }
  }
}
