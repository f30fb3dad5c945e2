package dev.threadmill.runs;

import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.NewMessage;
import java.util.List;

/** A validated entry that is to be added to a thread. */
public sealed interface PreparedEntry {
  /** A message. */
  record OfMessage(NewMessage message) implements PreparedEntry {}

  /** The calls of one answer. Those without an output are answered by the client. */
  record OfCalls(List<ToolCall> calls, StepReasoning reasoning) implements PreparedEntry {}

  /** How many microseconds of the thread the entry takes: each call and each output takes one. */
  default int ticks() {
    return switch (this) {
      case OfMessage _ -> 1;
      case OfCalls(var calls, _) -> 2 * calls.size();
    };
  }

  /** The microseconds that all of them take. */
  static int ticks(List<PreparedEntry> entries) {
    return entries.stream().mapToInt(PreparedEntry::ticks).sum();
  }

  /** The messages of a list, without its calls. */
  static List<NewMessage> messagesOf(List<PreparedEntry> entries) {
    return entries.stream()
        .filter(OfMessage.class::isInstance)
        .map(entry -> ((OfMessage) entry).message())
        .toList();
  }

  /** The messages of a list that has nothing but messages; null of another one. */
  static List<NewMessage> messagesOnly(List<PreparedEntry> entries) {
    return entries.stream().allMatch(OfMessage.class::isInstance)
        ? entries.stream().map(entry -> ((OfMessage) entry).message()).toList()
        : null;
  }
}
