package dev.threadmill.models.openai;

import dev.threadmill.egress.SseParser;
import java.util.Arrays;

/**
 * Finds events that a gateway sends again after it has connected anew: they have the id and the
 * data of the event before. Where events differ in spite of the same id, ids say nothing.
 */
final class Repetitions {
  private SseParser.Event last;
  private boolean isIdOfAll;

  /** Whether an event repeats the one before. To be called once for each event. */
  boolean contain(SseParser.Event event) {
    if (!event.hasId() || event.id().isEmpty()) {
      return false;
    }
    boolean sameId = last != null && event.id().equals(last.id());
    boolean sameData = sameId && Arrays.equals(event.data(), last.data());
    isIdOfAll |= sameId && !sameData;
    last = event;
    return sameData && !isIdOfAll;
  }
}
