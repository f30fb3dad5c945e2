package dev.threadmill.runs.store;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.Json;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.ThreadObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * All that the database has of a run.
 *
 * @param messages by id; a message that was deleted since is missing
 * @param thread null if it was not created together with the run
 * @param handoffTarget the run that answers in place of this one, while it does; else null
 */
public record StoredRun(
    Run run,
    List<Step> steps,
    Map<String, Message> messages,
    ThreadObject thread,
    List<JournalEntry> journal,
    StoredRun handoffTarget) {
  private static final TypeReference<List<List<String>>> EVENTS = new TypeReference<>() {};

  /**
   * An entry of the journal: events that were written together.
   *
   * @param isLast whether it was the last entry of the journal
   */
  public record JournalEntry(long position, int attempt, String events, boolean isLast) {}

  /** Whether the database has more than was read. */
  public boolean isTruncated() {
    return !journal.isEmpty() && !journal.getLast().isLast();
  }

  /** How many characters the texts of its messages and calls have, about. */
  public long characters() {
    long sum = handoffTarget == null ? 0 : handoffTarget.characters();
    for (var message : messages.values()) {
      for (var part : message.content()) {
        sum += part instanceof ContentPart.Text text ? text.value().length() : 0;
      }
    }
    for (var entry : journal) {
      sum += entry.events().length();
    }
    for (var step : steps) {
      sum += length(step.reasoning().reasoning()) + length(step.reasoning().commentary());
      for (var call : step.calls()) {
        sum += length(call.arguments()) + length(call.output());
      }
    }
    return sum;
  }

  private static int length(String text) {
    return text == null ? 0 : text.length();
  }

  /** The event log, followed by the events that only the journal has. */
  public List<RunEvent> events() {
    var events = new ArrayList<>(EventLog.parse(run.eventLog()));
    addJournal(events, EventLog.length(events));
    return events;
  }

  /** The events of the journal that were read, without the event log. */
  public List<RunEvent> journalEvents() {
    var events = new ArrayList<RunEvent>();
    addJournal(events, 0);
    return events;
  }

  private void addJournal(List<RunEvent> events, long end) {
    for (var piece : journal) {
      long position = piece.position();
      for (var stored : Json.read(piece.events(), EVENTS)) {
        var event = JournalFormat.parse(stored);
        if (position >= end) {
          events.add(event);
          end = position + event.length();
        }
        position += event.length();
      }
    }
  }
}
