package dev.threadmill.memory;

import dev.threadmill.api.ApiException;

/** The request body of an edit. */
public record WriteText(String text) {
  private static final int LONGEST = 20_000;

  public WriteText {
    if (text == null || text.isBlank()) {
      throw ApiException.missing("text");
    }
    if (text.length() > LONGEST) {
      throw ApiException.invalid(
          "text", "Invalid 'text': expected at most %d characters.".formatted(LONGEST));
    }
  }
}
