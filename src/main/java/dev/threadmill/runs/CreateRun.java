package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AssistantCache;
import dev.threadmill.assistants.RoutingTargets;
import dev.threadmill.assistants.ToolSecrets;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.AdmitRequest;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.limits.Payer;
import dev.threadmill.models.Usage;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewMessage;
import dev.threadmill.threads.PrepareMessages;
import dev.threadmill.threads.PrepareThread;
import dev.threadmill.threads.ThreadObject;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Creates a run, with its messages and if need be its thread, in one transaction. When this node
 * has room it claims the run in the same transaction, so the usual run is never queued and streams
 * from the node that its client is connected to.
 */
@ApplicationScoped
public class CreateRun {
  private static final Logger LOG = Logger.getLogger(CreateRun.class);

  /** In characters. */
  private static final long MOST_AT_HAND = 256 * 1024;

  private final Jdbc jdbc;
  private final AssistantCache assistants;
  private final ToolSecrets toolSecrets;
  private final RoutingTargets routingTargets;
  private final ThreadStore threads;
  private final MessageStore messages;
  private final PrepareMessages prepareMessages;
  private final PrepareThread prepareThread;
  private final RunStore runs;
  private final LocalRuns liveRuns;
  private final StartRun startRun;
  private final NodeLease node;
  private final RunSignals signals;
  private final Ids ids;
  private final AdmitRequest admitRequest;
  private final ConcurrencyLimit concurrency;
  private final WaitingRuns waitingRuns;
  private final CancelRun cancelRun;

  CreateRun(
      Jdbc jdbc,
      AssistantCache assistants,
      ToolSecrets toolSecrets,
      RoutingTargets routingTargets,
      ThreadStore threads,
      MessageStore messages,
      PrepareMessages prepareMessages,
      PrepareThread prepareThread,
      RunStore runs,
      LocalRuns liveRuns,
      StartRun startRun,
      NodeLease node,
      RunSignals signals,
      Ids ids,
      AdmitRequest admitRequest,
      ConcurrencyLimit concurrency,
      WaitingRuns waitingRuns,
      CancelRun cancelRun) {
    this.jdbc = jdbc;
    this.assistants = assistants;
    this.toolSecrets = toolSecrets;
    this.routingTargets = routingTargets;
    this.threads = threads;
    this.messages = messages;
    this.prepareMessages = prepareMessages;
    this.prepareThread = prepareThread;
    this.runs = runs;
    this.liveRuns = liveRuns;
    this.startRun = startRun;
    this.node = node;
    this.signals = signals;
    this.ids = ids;
    this.admitRequest = admitRequest;
    this.concurrency = concurrency;
    this.waitingRuns = waitingRuns;
    this.cancelRun = cancelRun;
  }

  /**
   * A run that was created.
   *
   * @param live the run if this node executes it
   * @param waitsFor the active run that it waits for; null if it does not
   */
  public record Created(Run run, Optional<LiveRun> live, RunId waitsFor) {}

  /**
   * A run as it goes into the database, and what that puts on its tape.
   *
   * @param thread all messages of its thread, if that was created with it; else null
   */
  private record Row(Run run, List<StreamEvent> news, RunId waitsFor, List<Message> thread) {}

  /** What else is to be stored in the transaction that creates a run. */
  @FunctionalInterface
  public interface Alongside {
    void store(Tx tx, Run run);
  }

  /** Makes the row of the run within the transaction, once the place in the thread is known. */
  private interface Insert {
    Row in(Tx tx, Run.Settings settings, boolean room);
  }

  /** What a run is made of: its assistant, and what the request changes about it. */
  private record Basis(
      AssistantCache.Entry assistant,
      RunRequest.Overrides overrides,
      Run.Settings settings,
      Payer payer) {
    ProjectId project() {
      return assistant.assistant().projectId();
    }
  }

  /**
   * Creates a run on a thread.
   *
   * @throws ApiException 404 if there is no such thread or assistant; 400 if the thread is locked
   *     by another run
   */
  public Created create(ProjectId project, ThreadId thread, RunRequest.Create request) {
    return create(project, thread, request, (_, _) -> {});
  }

  /** As above, with something more in the same transaction. */
  public Created create(
      ProjectId project, ThreadId thread, RunRequest.Create request, Alongside alongside) {
    noteStream(request.isStreamed());
    var assistantId =
        request.assistantId() != null
            ? request.assistantId()
            : threads.get(project, thread).assistantId();
    var basis = basis(project, assistantId, request.overrides());
    var additional =
        prepareMessages.prepare(project, "additional_messages", request.additionalMessages());
    var created =
        insert(
            basis,
            (tx, settings, room) -> {
              var locked = threads.lock(tx, project, thread, additional.size() + 1);
              var at = locked.firstMessageAt().plus(additional.size(), ChronoUnit.MICROS);
              var queued = queued(project, thread, assistantId, settings, request.metadata(), at);
              alongside.store(tx, queued);
              if (locked.activeRun() != null && request.ifActive() != OnActiveRun.REJECT) {
                return waiting(tx, queued, additional, locked.activeRun());
              }
              messages.append(tx, locked.requireOpenForRuns(), additional);
              return row(tx, queued, null, room);
            });
    if (request.ifActive() == OnActiveRun.INTERRUPT && created.waitsFor() != null) {
      interrupt(project, thread, created.waitsFor());
    }
    return created;
  }

  /** A run that does not start before the active one has ended. */
  private Row waiting(Tx tx, Run queued, List<NewMessage> itsMessages, RunId active) {
    waitingRuns.requireRoom(tx, queued.threadId());
    var news = List.of(StreamEvents.runCreated(queued), StreamEvents.runStatus(queued));
    runs.insert(tx, queued.withEventLog(tape(news)), itsMessages);
    tx.afterCommit(liveRuns::notifyOnNextEnd);
    return new Row(queued, news, active, null);
  }

  /** Cancels the run that is in the way. If it has just ended by itself, so much the better. */
  private void interrupt(ProjectId project, ThreadId thread, RunId active) {
    try {
      cancelRun.cancel(project, thread, active);
    } catch (ApiException e) {
      LOG.debugf("nothing to interrupt run_id=%s", active);
    }
  }

  /** Creates a thread and a run on it. */
  public Created create(ProjectId project, RunRequest.CreateWithThread request) {
    return create(project, request, (_, _) -> {});
  }

  /** As above, with something more in the same transaction. */
  public Created create(
      ProjectId project, RunRequest.CreateWithThread request, Alongside alongside) {
    noteStream(request.isStreamed());
    var basis = basis(project, request.assistantId(), request.overrides());
    var prepared = prepareThread.prepare(project, "thread.", request.threadToCreate());
    return insert(
        basis,
        (tx, settings, room) -> {
          var made = threads.create(tx, prepared, 1);
          var queued =
              queued(
                  project,
                  made.thread().id(),
                  request.assistantId(),
                  settings,
                  request.metadata(),
                  made.nextMessageAt());
          alongside.store(tx, queued);
          return row(tx, queued, made, room);
        });
  }

  private static void noteStream(boolean isStreamed) {
    if (isStreamed) {
      IdempotencyContext.note(IdempotencyContext.STREAM, EventId.START.toString());
    }
  }

  private Basis basis(ProjectId project, AssistantId assistant, RunRequest.Overrides overrides) {
    if (assistant == null) {
      throw ApiException.missing("assistant_id");
    }
    return basis(assistants.get(project, assistant), overrides);
  }

  private Basis basis(AssistantCache.Entry known, RunRequest.Overrides overrides) {
    var settings = overrides.over(known.assistant(), toolSecrets, routingTargets);
    var payer = payer(known.assistant().projectId());
    return new Basis(known, overrides, settings.createdWith(payer.key()), payer);
  }

  /** The API key of the current request pays, whichever protocol that came by. */
  private static Payer payer(ProjectId project) {
    return Caller.find()
        .filter(caller -> caller.project().equals(project))
        .map(Payer::of)
        .orElseGet(() -> Payer.of(project));
  }

  private Created insert(Basis basis, Insert insert) {
    admitRequest.admit(basis.payer());
    try {
      return insertOn(basis, insert);
    } catch (DatabaseException e) {
      if (!e.isFenced()) {
        throw e;
      }
      // The assistant is no longer what was remembered of it.
      var renewed = assistants.refresh(basis.project(), basis.assistant().assistant().id());
      return insertOn(basis(renewed, basis.overrides()), insert);
    }
  }

  /** Where only so many may be under way, a run takes its turn behind those that are queued. */
  private Created insertOn(Basis basis, Insert insert) {
    boolean bounded = concurrency.isLimited(basis.project());
    boolean room = !bounded && node.isRegistered() && liveRuns.tryAcquire();
    Row row = null;
    try {
      row =
          jdbc.inTransaction(
              tx -> {
                basis.assistant().requireUnchanged(tx);
                return insert.in(tx, basis.settings(), room);
              });
    } finally {
      if (room && (row == null || row.run().owner() == null)) {
        liveRuns.release(1);
      }
    }
    if (row.run().owner() == null) {
      signals.runQueued(bounded);
      return new Created(row.run(), Optional.empty(), row.waitsFor());
    }
    var live = startRun.start(row.run(), EventId.START, row.news(), List.of(), row.thread());
    return new Created(row.run(), Optional.of(live), row.waitsFor());
  }

  private Run queued(
      ProjectId project,
      ThreadId thread,
      AssistantId assistant,
      Run.Settings settings,
      Metadata metadata,
      Instant at) {
    return new Run(
        thread,
        ids.run(),
        project,
        assistant,
        RunStatus.QUEUED,
        settings,
        metadata == null ? Metadata.EMPTY : metadata,
        new Run.Times(at, at.plus(Run.LIFE), null, null, null, null),
        null,
        null,
        Usage.NONE,
        null,
        0,
        "");
  }

  /**
   * Inserts a run, claimed if there is room for it here.
   *
   * @param made the thread if it was created together with the run, else null
   */
  private Row row(Tx tx, Run queued, ThreadStore.Created made, boolean room) {
    var run = room ? queued.claimed(node.id(), 1, queued.times().created()) : queued;
    var news = new ArrayList<StreamEvent>();
    if (room) {
      news.add(StreamEvents.attemptStarted(1));
    }
    if (made != null) {
      news.add(StreamEvents.threadCreated(ThreadObject.of(made.thread())));
    }
    news.add(StreamEvents.runCreated(run));
    news.add(StreamEvents.runAtStatus(run, RunStatus.QUEUED, false, List.of()));
    if (room) {
      news.add(StreamEvents.runStatus(run));
    }
    runs.insert(tx, run.withEventLog(tape(news)), null);
    return new Row(run, news, null, made == null ? null : atHand(made.messages()));
  }

  /**
   * The messages need not be read again; but large ones are not kept for as long as a run lives.
   */
  private static List<Message> atHand(List<Message> messages) {
    long characters =
        messages.stream().mapToLong(m -> ContentPart.sizeInCharacters(m.content())).sum();
    return characters > MOST_AT_HAND ? null : messages;
  }

  private static String tape(List<StreamEvent> news) {
    return EventLog.format(news.stream().map(StreamEvent::event).toList());
  }
}
