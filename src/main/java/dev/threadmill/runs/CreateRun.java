package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AssistantCache;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.AdmitRequest;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.limits.Payer;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.InsertRun.Inserted;
import dev.threadmill.runs.InsertRun.NewRun;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.spec.OnActiveRun;
import dev.threadmill.runs.spec.ResolveRunSettings;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.runs.spec.RunSpec.AssistantChoice;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.threads.CreateThread;
import dev.threadmill.threads.PrepareThread;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Creates a run, with its messages and, if requested, its thread, in one transaction. If this node
 * has capacity it claims the run in the same transaction, so that most runs are never queued and
 * stream from the node that their client is connected to.
 */
@ApplicationScoped
public class CreateRun {
  private static final Logger LOG = Logger.getLogger(CreateRun.class);

  private final Jdbc jdbc;
  private final AssistantCache assistants;
  private final ResolveRunSettings resolveSettings;
  private final ThreadStore threads;
  private final PrepareEntries prepareEntries;
  private final CompleteOpenCalls completeOpenCalls;
  private final PrepareThread prepareThread;
  private final InsertRun insertRun;
  private final LocalRuns localRuns;
  private final StartRun startRun;
  private final CancelRun cancelRun;
  private final NodeLease node;
  private final RunSignals signals;
  private final AdmitRequest admitRequest;
  private final ConcurrencyLimit concurrency;
  private final RequireVision vision;

  public CreateRun(
      Jdbc jdbc,
      AssistantCache assistants,
      ResolveRunSettings resolveSettings,
      ThreadStore threads,
      PrepareEntries prepareEntries,
      CompleteOpenCalls completeOpenCalls,
      PrepareThread prepareThread,
      InsertRun insertRun,
      LocalRuns localRuns,
      StartRun startRun,
      CancelRun cancelRun,
      NodeLease node,
      RunSignals signals,
      AdmitRequest admitRequest,
      ConcurrencyLimit concurrency,
      RequireVision vision) {
    this.jdbc = jdbc;
    this.assistants = assistants;
    this.resolveSettings = resolveSettings;
    this.threads = threads;
    this.prepareEntries = prepareEntries;
    this.completeOpenCalls = completeOpenCalls;
    this.prepareThread = prepareThread;
    this.insertRun = insertRun;
    this.localRuns = localRuns;
    this.startRun = startRun;
    this.cancelRun = cancelRun;
    this.node = node;
    this.signals = signals;
    this.admitRequest = admitRequest;
    this.concurrency = concurrency;
    this.vision = vision;
  }

  /**
   * A run that was created.
   *
   * @param live the run if this node executes it
   * @param waitsFor the active run that it waits for; null if it does not wait
   */
  public record Created(Run run, Optional<LiveRun> live, RunId waitsFor) {}

  /** Inserts the run within the transaction. */
  private interface Insert {
    Inserted in(Tx tx, NewRun run);
  }

  /**
   * The assistant of a run and the settings that follow from it.
   *
   * @param assistant null for a run without an assistant
   * @param payer the project and the API key that the run counts against
   */
  private record Resolved(AssistantCache.Entry assistant, RunSettings settings, Payer payer) {
    AssistantId assistantId() {
      return assistant == null ? null : assistant.assistant().id();
    }
  }

  /**
   * Creates a run on a thread.
   *
   * @throws ApiException 404 if there is no such thread or assistant; 400 if another run is active
   *     on the thread and the run is not to wait, or if the run has no assistant and names no model
   */
  public Created create(ProjectId project, ThreadId thread, RunSpec spec, BeforeInsert hook) {
    recordStreamForReplay(spec);
    var assistant = assistantOf(project, thread, spec);
    var additional =
        new InsertRun.NewEntries(
            prepareEntries.prepare(project, spec),
            completeOpenCalls.filtered(project, thread, spec.outputs()));
    var created =
        create(
            project,
            assistant,
            spec,
            settings -> {
              vision.ofEntries(settings.model(), spec, additional.entries());
              vision.ofThread(settings.model(), project, thread);
            },
            hook,
            (tx, run) -> insertRun.onThread(tx, run, thread, additional, spec.onActiveRun()));
    if (spec.onActiveRun() == OnActiveRun.INTERRUPT && created.waitsFor() != null) {
      interrupt(project, thread, created.waitsFor());
    }
    return created;
  }

  /** Creates a thread and a run on it. Otherwise as {@link #create}. */
  public Created createWithThread(
      ProjectId project, CreateThread thread, RunSpec spec, BeforeInsert hook) {
    return createWithThread(project, thread, false, spec, hook);
  }

  /**
   * As above.
   *
   * @param isHidden whether no list of threads shows the thread
   */
  public Created createWithThread(
      ProjectId project, CreateThread thread, boolean isHidden, RunSpec spec, BeforeInsert hook) {
    recordStreamForReplay(spec);
    var assistant =
        switch (spec.assistant()) {
          case AssistantChoice.Named(var id) -> id;
          case AssistantChoice.OfThread() -> requireAssistant(thread.assistantId());
          case AssistantChoice.None() -> null;
        };
    var wanted = prepareThread.prepare(project, "thread.", thread);
    var prepared = isHidden ? wanted.asHidden() : wanted;
    var entries = prepareEntries.prepare(project, spec);
    return create(
        project,
        assistant,
        spec,
        settings -> {
          vision.ofEntries(settings.model(), spec, entries);
          vision.ofNewThread(settings.model(), prepared.messages());
        },
        hook,
        (tx, run) -> insertRun.withThread(tx, run, prepared, entries));
  }

  private static void recordStreamForReplay(RunSpec spec) {
    if (spec.streamed()) {
      IdempotencyContext.note(IdempotencyContext.STREAM, EventId.START.toString());
    }
  }

  private AssistantId assistantOf(ProjectId project, ThreadId thread, RunSpec spec) {
    return switch (spec.assistant()) {
      case AssistantChoice.Named(var id) -> id;
      case AssistantChoice.OfThread() ->
          requireAssistant(threads.get(project, thread).assistantId());
      case AssistantChoice.None() -> null;
    };
  }

  private static AssistantId requireAssistant(AssistantId assistant) {
    if (assistant == null) {
      throw ApiException.missing("assistant_id");
    }
    return assistant;
  }

  private Created create(
      ProjectId project,
      AssistantId assistant,
      RunSpec spec,
      Consumer<RunSettings> check,
      BeforeInsert hook,
      Insert insert) {
    Caller.clientUser()
        .ifPresent(
            user -> {
              user.requireAssistant(assistant);
              spec.overrides().requireNone();
            });
    var entry = assistant == null ? null : assistants.get(project, assistant);
    var resolved = resolve(project, entry, spec);
    check.accept(resolved.settings());
    admitRequest.admit(resolved.payer());
    try {
      return insert(project, resolved, spec, hook, insert);
    } catch (DatabaseException e) {
      if (!e.isFenced() || entry == null) {
        throw e;
      }
      // The assistant was changed after it was cached.
      var current = resolve(project, assistants.refresh(project, assistant), spec);
      return insert(project, current, spec, hook, insert);
    }
  }

  private Resolved resolve(ProjectId project, AssistantCache.Entry entry, RunSpec spec) {
    var assistant = entry == null ? null : entry.assistant();
    return new Resolved(
        entry, resolveSettings.resolve(project, assistant, spec.overrides()), payer(project));
  }

  /** The API key of the current request pays, whichever protocol it uses. */
  private static Payer payer(ProjectId project) {
    return Caller.find()
        .filter(caller -> caller.project().equals(project))
        .map(Payer::of)
        .orElseGet(() -> Payer.of(project));
  }

  /** A run of a project that limits its concurrent runs is queued behind the others. */
  private Created insert(
      ProjectId project, Resolved resolved, RunSpec spec, BeforeInsert hook, Insert insert) {
    boolean isLimited = concurrency.isLimited(project);
    boolean acquired = !isLimited && node.isRegistered() && localRuns.tryAcquire();
    var newRun =
        new NewRun(
            resolved.payer(),
            resolved.assistantId(),
            resolved.settings(),
            spec.metadata(),
            acquired,
            hook);
    Inserted inserted = null;
    try {
      inserted =
          jdbc.inTransaction(
              tx -> {
                if (resolved.assistant() != null) {
                  resolved.assistant().requireUnchanged(tx);
                }
                return insert.in(tx, newRun);
              });
    } finally {
      if (acquired && (inserted == null || inserted.run().owner() == null)) {
        localRuns.release(1);
      }
    }
    if (inserted.run().owner() == null) {
      signals.runQueued(isLimited);
      return new Created(inserted.run(), Optional.empty(), inserted.waitsFor());
    }
    return new Created(inserted.run(), Optional.of(start(inserted)), inserted.waitsFor());
  }

  private LiveRun start(Inserted inserted) {
    return startRun.start(
        new ClaimedRun(
            inserted.run(), EventId.START, inserted.events(), List.of(), inserted.messages()));
  }

  /** Cancels the run that is active on the thread. Does nothing if it has ended meanwhile. */
  private void interrupt(ProjectId project, ThreadId thread, RunId active) {
    try {
      cancelRun.cancel(project, thread, active);
    } catch (ApiException e) {
      LOG.debugf("run to be interrupted has ended run_id=%s", active);
    }
  }
}
