package dev.threadmill.runs.spec;

import dev.threadmill.models.ReasoningState;
import dev.threadmill.threads.CreateMessage;
import java.util.List;

/** An entry that a client adds to a thread: a message, or tool calls that were made elsewhere. */
public sealed interface ThreadEntry {
  /** How many microseconds of its thread the entry takes: each call and each output takes one. */
  default int ticks() {
    return switch (this) {
      case OfMessage _ -> 1;
      case OfCalls(var calls, _) -> 2 * calls.size();
    };
  }

  /** A message of the user or the assistant. */
  record OfMessage(CreateMessage message) implements ThreadEntry {}

  /**
   * The calls of one answer of a model.
   *
   * @param calls at least one
   * @param state what the provider wants back with the outputs; null for nothing
   */
  record OfCalls(List<EnteredCall> calls, ReasoningState state) implements ThreadEntry {
    public OfCalls {
      calls = List.copyOf(calls);
    }
  }

  /**
   * A call.
   *
   * @param id the client's id of it
   * @param arguments JSON text as the model wrote it
   * @param output null if there is none yet
   */
  record EnteredCall(String id, String name, String arguments, String output) {}
}
