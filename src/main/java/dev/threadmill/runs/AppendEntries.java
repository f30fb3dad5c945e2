package dev.threadmill.runs;

import dev.threadmill.api.Ids;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.threads.LockedThread;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Adds messages, and tool calls that no run of the thread has made, to a locked thread. */
@ApplicationScoped
public class AppendEntries {
  private final MessageStore messages;
  private final StepWriter steps;
  private final ToolCallStore calls;
  private final Ids ids;

  AppendEntries(MessageStore messages, StepWriter steps, ToolCallStore calls, Ids ids) {
    this.messages = messages;
    this.steps = steps;
    this.calls = calls;
    this.ids = ids;
  }

  /** An entry as it was stored. */
  public sealed interface Appended {
    /** A message. */
    record OfMessage(Message message) implements Appended {}

    /** The calls of one answer. */
    record OfCalls(Step step) implements Appended {}
  }

  /**
   * Adds the entries in their order.
   *
   * @param thread locked for as many messages as the entries take {@link PreparedEntry#ticks}
   * @param isNew whether the thread was created in this transaction
   */
  public List<Appended> append(
      Tx tx, LockedThread thread, List<PreparedEntry> entries, boolean isNew) {
    var used = isNew ? Set.<ToolCallId>of() : usedIds(tx, thread, entries);
    var appended = new ArrayList<Appended>();
    var batch = new ArrayList<NewMessage>();
    var at = thread.firstMessageAt();
    for (var entry : entries) {
      switch (entry) {
        case PreparedEntry.OfMessage(var message) -> batch.add(message);
        case PreparedEntry.OfCalls calls -> {
          at = flush(tx, thread, at, batch, appended);
          appended.add(new Appended.OfCalls(insert(tx, thread, at, calls, used)));
          at = at.plus(entry.ticks(), ChronoUnit.MICROS);
        }
      }
    }
    flush(tx, thread, at, batch, appended);
    return appended;
  }

  private Set<ToolCallId> usedIds(Tx tx, LockedThread thread, List<PreparedEntry> entries) {
    var wanted = new ArrayList<ToolCallId>();
    for (var entry : entries) {
      if (entry instanceof PreparedEntry.OfCalls(var its, _)) {
        its.forEach(call -> wanted.add(call.id()));
      }
    }
    return wanted.isEmpty() ? Set.of() : calls.existing(tx, thread.id(), wanted);
  }

  private Instant flush(
      Tx tx, LockedThread thread, Instant at, List<NewMessage> batch, List<Appended> appended) {
    if (batch.isEmpty()) {
      return at;
    }
    messages
        .append(tx, thread.withFirstMessageAt(at), List.copyOf(batch))
        .forEach(message -> appended.add(new Appended.OfMessage(message)));
    int count = batch.size();
    batch.clear();
    return at.plus(count, ChronoUnit.MICROS);
  }

  /** The step belongs to a run that does not exist, like a step that a fork has copied. */
  private Step insert(
      Tx tx,
      LockedThread thread,
      Instant at,
      PreparedEntry.OfCalls entry,
      Set<ToolCallId> usedIds) {
    var itsCalls =
        entry.calls().stream()
            .map(call -> usedIds.contains(call.id()) ? call.withId(ids.toolCall()) : call)
            .toList();
    boolean isOpen = itsCalls.stream().anyMatch(ToolCall::isOpen);
    var step =
        new Step(
            new Step.Definition(
                new StepId(ids.next(StepId.PREFIX)),
                thread.id(),
                ids.run(),
                1,
                Step.Type.TOOL_CALLS,
                null,
                at,
                List.of()),
            null,
            isOpen ? Step.State.IN_PROGRESS : new Step.State(Step.Status.COMPLETED, at, null),
            itsCalls,
            entry.reasoning(),
            null);
    steps.insert(tx, thread.projectId(), step, null);
    return step;
  }
}
