package dev.threadmill.models.response;

import dev.threadmill.models.ReasoningTags;
import java.util.List;
import java.util.function.Consumer;

/**
 * Separates reasoning that a model writes into its text, between {@code <think>} and {@code
 * </think>}, from the text. The tags may be split over pieces. They count only at the beginning of
 * the text, or directly behind other reasoning: further on they are what the text is about.
 */
final class ThinkTags {
  private static final List<String> OPENING = List.of("<think>", "<thinking>");
  private static final List<String> CLOSING = List.of("</think>", "</thinking>");
  private static final int MAX_LEADING_SPACE = 256;

  private final Consumer<String> reasoning;
  private final Consumer<String> text;
  private final StringBuilder pending = new StringBuilder();
  private State state;
  private boolean isBehindReasoning;

  private enum State {
    AT_BEGINNING,
    REASONING,
    TEXT
  }

  /**
   * @param mode how the model marks its reasoning
   */
  ThinkTags(ReasoningTags mode, Consumer<String> reasoning, Consumer<String> text) {
    this.reasoning = reasoning;
    this.text = text;
    this.state =
        switch (mode) {
          case AUTO -> State.AT_BEGINNING;
          case OPENED -> State.REASONING;
          case NONE -> State.TEXT;
        };
  }

  void accept(String piece) {
    if (state == State.TEXT) {
      text.accept(piece);
      return;
    }
    Slices.forEach(
        piece,
        slice -> {
          pending.append(slice);
          while (step()) {}
        });
  }

  /** The text is complete. */
  void end() {
    if (!pending.isEmpty()) {
      (state == State.REASONING ? reasoning : text).accept(take(pending.length()));
    }
    state = State.TEXT;
  }

  /** Whether something changed, so that there may be more to do. */
  private boolean step() {
    return switch (state) {
      case AT_BEGINNING -> atBeginning();
      case REASONING -> inReasoning();
      case TEXT -> {
        if (!pending.isEmpty()) {
          text.accept(take(pending.length()));
        }
        yield false;
      }
    };
  }

  private boolean atBeginning() {
    int from = 0;
    while (from < pending.length() && Character.isWhitespace(pending.charAt(from))) {
      from++;
    }
    if (isBehindReasoning) {
      pending.delete(0, from);
      from = 0;
    }
    var rest = pending.substring(from);
    for (var tag : OPENING) {
      if (rest.startsWith(tag)) {
        pending.delete(0, from + tag.length());
        state = State.REASONING;
        return true;
      }
    }
    boolean mayBecomeTag = OPENING.stream().anyMatch(tag -> tag.startsWith(rest));
    if (mayBecomeTag && from <= MAX_LEADING_SPACE) {
      return false;
    }
    state = State.TEXT;
    return true;
  }

  private boolean inReasoning() {
    for (var tag : CLOSING) {
      int at = pending.indexOf(tag);
      if (at >= 0) {
        if (at > 0) {
          reasoning.accept(take(at));
        }
        pending.delete(0, tag.length());
        state = State.AT_BEGINNING;
        isBehindReasoning = true;
        return true;
      }
    }
    int safe = pending.length() - beginningOfTag(pending, CLOSING);
    if (safe > 0) {
      reasoning.accept(take(safe));
    }
    return false;
  }

  private String take(int length) {
    var removed = pending.substring(0, length);
    pending.delete(0, length);
    return removed;
  }

  /** The length of the longest end of the text that one of the tags begins with. */
  static int beginningOfTag(CharSequence text, List<String> tags) {
    int longest = 0;
    for (var tag : tags) {
      for (int length = Math.min(tag.length() - 1, text.length()); length > longest; length--) {
        if (tag.startsWith(text.subSequence(text.length() - length, text.length()).toString())) {
          longest = length;
        }
      }
    }
    return longest;
  }
}
