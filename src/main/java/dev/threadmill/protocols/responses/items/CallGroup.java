package dev.threadmill.protocols.responses.items;

import dev.threadmill.models.ReasoningState;
import dev.threadmill.runs.spec.ThreadEntry;
import java.util.List;
import java.util.Optional;

/**
 * Consecutive calls of a list of items, which belong to one answer.
 *
 * @param state what the provider wants back of the reasoning before them; null for nothing
 */
record CallGroup(List<Call> calls, ReasoningState state) {
  /** A call, whose output may follow. */
  static final class Call {
    private final String id;
    private final String name;
    private final String arguments;
    private final boolean isIncomplete;
    String output;

    /**
     * @param isIncomplete whether it was cut off or refused, so that it needs no output
     */
    Call(String id, String name, String arguments, boolean isIncomplete) {
      this.id = id;
      this.name = name;
      this.arguments = arguments;
      this.isIncomplete = isIncomplete;
    }

    private boolean isLeftOut() {
      return isIncomplete && output == null;
    }

    private ThreadEntry.EnteredCall entered() {
      return new ThreadEntry.EnteredCall(id, name, arguments, output);
    }
  }

  /** The calls as a thread takes them; empty if none is left. */
  Optional<ThreadEntry> entry() {
    var entered = calls.stream().filter(call -> !call.isLeftOut()).map(Call::entered).toList();
    return entered.isEmpty()
        ? Optional.empty()
        : Optional.of(new ThreadEntry.OfCalls(entered, state));
  }
}
