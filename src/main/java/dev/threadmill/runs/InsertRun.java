package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.Payer;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.spec.OnActiveRun;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.telemetry.tracing.Tracing;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.LockedThread;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.NewMessage;
import dev.threadmill.threads.NewThread;
import dev.threadmill.threads.ThreadObject;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Inserts a run within a transaction, with its messages and, if requested, its thread. */
@ApplicationScoped
public class InsertRun {
  /** Larger threads are read again rather than kept in memory, in characters. */
  private static final long MAX_MESSAGES_IN_MEMORY = 256 * 1024;

  private final ThreadStore threads;
  private final RunTransitions runs;
  private final AppendEntries appendEntries;
  private final CompleteOpenCalls completeOpenCalls;
  private final WaitingRuns waitingRuns;
  private final LocalRuns localRuns;
  private final NodeLease node;
  private final Ids ids;
  private final RunsConfig config;
  private final Tracing tracing;
  private final BudgetLedger ledger;

  public InsertRun(
      ThreadStore threads,
      AppendEntries appendEntries,
      CompleteOpenCalls completeOpenCalls,
      RunTransitions runs,
      WaitingRuns waitingRuns,
      LocalRuns localRuns,
      NodeLease node,
      Ids ids,
      RunsConfig config,
      Tracing tracing,
      BudgetLedger ledger) {
    this.tracing = tracing;
    this.threads = threads;
    this.appendEntries = appendEntries;
    this.completeOpenCalls = completeOpenCalls;
    this.runs = runs;
    this.waitingRuns = waitingRuns;
    this.localRuns = localRuns;
    this.node = node;
    this.ids = ids;
    this.config = config;
    this.ledger = ledger;
  }

  /**
   * The run to insert and its related data.
   *
   * @param assistant null for a run without an assistant
   * @param payer the project and the API key that the run counts against
   * @param claim whether this node claims the run
   * @param hook is called with the run before it is inserted
   */
  record NewRun(
      Payer payer,
      AssistantId assistant,
      RunSettings settings,
      Metadata metadata,
      boolean claim,
      BeforeInsert hook) {}

  /**
   * What the thread of a run gets first.
   *
   * @param outputs of calls of the thread, which have passed the content filters
   */
  record NewEntries(
      List<PreparedEntry> entries, Map<ToolCallId, CompleteOpenCalls.Output> outputs) {
    /** The messages; 400 if there is something that cannot wait for its turn on the thread. */
    private List<NewMessage> messagesOnly() {
      var messages = PreparedEntry.messagesOnly(entries);
      if (messages == null) {
        throw ApiException.invalidState(
            "A run that waits for its turn can bring messages only, no tool calls.");
      }
      return messages;
    }
  }

  /**
   * A run that was inserted.
   *
   * @param events that its creation put into its log
   * @param waitsFor the active run that it waits for; null if it does not wait
   * @param messages all messages of its thread, if that was created with it and is small; else null
   */
  record Inserted(Run run, List<StreamEvent> events, RunId waitsFor, List<Message> messages) {}

  /**
   * Inserts a run on a thread.
   *
   * @param additional what the thread gets first
   * @throws dev.threadmill.api.ApiException 404 if there is no such thread; 400 if another run is
   *     active on it and the policy is to refuse, or if too many wait
   */
  Inserted onThread(
      Tx tx, NewRun wanted, ThreadId thread, NewEntries additional, OnActiveRun policy) {
    int ticks = PreparedEntry.ticks(additional.entries());
    var found = threads.lock(tx, wanted.payer().project(), thread, ticks + 1);
    var locked = completeOpenCalls.complete(tx, found, additional.outputs());
    var at = locked.firstMessageAt().plus(ticks, ChronoUnit.MICROS);
    var queued = queued(wanted, thread, at);
    wanted.hook().onCreate(tx, queued);
    if (locked.activeRun() != null && policy != OnActiveRun.REJECT) {
      return waiting(tx, queued, additional.messagesOnly(), locked.activeRun());
    }
    appendEntries.append(tx, locked.requireOpenForRuns(), additional.entries(), false);
    return insert(tx, wanted, queued, null, null);
  }

  /** Inserts a thread and a run on it. */
  Inserted withThread(Tx tx, NewRun wanted, NewThread thread, List<PreparedEntry> entries) {
    int ticks = PreparedEntry.ticks(entries);
    var created = threads.create(tx, thread, ticks + 1);
    var at = created.nextMessageAt().plus(ticks, ChronoUnit.MICROS);
    var queued = queued(wanted, created.thread().id(), at);
    wanted.hook().onCreate(tx, queued);
    var messages = append(tx, created, entries);
    return insert(tx, wanted, queued, created, messages);
  }

  /** Adds entries to a new thread. All its messages; null if it has tool calls as well. */
  private List<Message> append(Tx tx, ThreadStore.Created created, List<PreparedEntry> entries) {
    var all = new ArrayList<>(created.messages());
    if (entries.isEmpty()) {
      return all;
    }
    var locked = LockedThread.created(created.thread(), created.nextMessageAt());
    boolean isMessagesOnly = true;
    for (var appended : appendEntries.append(tx, locked, entries, true)) {
      if (appended instanceof AppendEntries.Appended.OfMessage(var message)) {
        all.add(message);
      } else {
        isMessagesOnly = false;
      }
    }
    return isMessagesOnly ? all : null;
  }

  private Run queued(NewRun wanted, ThreadId thread, Instant at) {
    return Run.queued(
        new Run.Definition(
            thread,
            ids.run(),
            wanted.payer().project(),
            wanted.assistant(),
            wanted.settings(),
            wanted.payer().key(),
            Caller.causeOfRequest().requestId(),
            null,
            tracing.currentToStore()),
        wanted.metadata(),
        Run.Times.created(at, at.plus(lifetime(wanted.settings()))));
  }

  /** How long the run may take: as every run, or less if its budget says so. */
  private Duration lifetime(RunSettings settings) {
    var budget = settings.turns().budget();
    return budget == null
            || budget.seconds() == null
            || config.expiry().toSeconds() <= budget.seconds()
        ? config.expiry()
        : Duration.ofSeconds(budget.seconds());
  }

  /** Inserts a run that does not start before the active one has ended. */
  private Inserted waiting(Tx tx, Run queued, List<NewMessage> itsMessages, RunId active) {
    waitingRuns.requireCapacity(tx, queued.threadId());
    var events = List.of(StreamEvents.runCreated(queued), StreamEvents.runStatus(queued));
    openBudget(tx, queued);
    runs.insertWaiting(tx, queued.withEventLog(log(events)), itsMessages);
    tx.afterCommit(localRuns::notifyOnNextEnd);
    return new Inserted(queued, events, active, null);
  }

  /**
   * @param thread null if it existed before
   * @param messages all messages of the thread; null if they are to be read
   */
  private Inserted insert(
      Tx tx, NewRun wanted, Run queued, ThreadStore.Created thread, List<Message> messages) {
    var run = wanted.claim() ? queued.claimed(node.id(), 1, queued.times().created()) : queued;
    var events = new ArrayList<StreamEvent>();
    if (wanted.claim()) {
      events.add(StreamEvents.attemptStarted(1));
    }
    if (thread != null) {
      events.add(StreamEvents.threadCreated(ThreadObject.of(thread.thread())));
    }
    events.add(StreamEvents.runCreated(run));
    events.add(StreamEvents.runAtStatus(run, RunStatus.QUEUED, false));
    if (wanted.claim()) {
      events.add(StreamEvents.runStatus(run));
    }
    openBudget(tx, run);
    runs.insert(tx, run.withEventLog(log(events)));
    return new Inserted(run, events, null, messages == null ? null : ifSmall(messages));
  }

  private void openBudget(Tx tx, Run run) {
    ledger.open(tx, run.projectId(), run.id(), run.settings().turns().budget());
  }

  private static List<Message> ifSmall(List<Message> messages) {
    long characters =
        messages.stream().mapToLong(m -> ContentPart.sizeInCharacters(m.content())).sum();
    return characters > MAX_MESSAGES_IN_MEMORY ? null : messages;
  }

  private static String log(List<StreamEvent> events) {
    return EventLog.format(events.stream().map(StreamEvent::event).toList());
  }
}
