package dev.threadmill.runs;

import dev.threadmill.api.WorkOwner;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.runs.execution.Journal;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.TraceRun;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Starts the execution of a run that this node has claimed, on a virtual thread of its own. */
@ApplicationScoped
public class StartRun {
  private static final Logger LOG = Logger.getLogger(StartRun.class);

  private final LocalRuns localRuns;
  private final Journal journal;
  private final ExecuteRun executeRun;
  private final EndExecutedRun endExecutedRun;
  private final AbandonRun abandonRun;
  private final RunSignals signals;
  private final ConcurrencyLimit concurrency;
  private final ToolsetFactory toolsets;
  private final RunsConfig config;
  private final TraceRun trace;
  private final InstantSource clock;
  private final ThreadFactory threads = Thread.ofVirtual().name("run-", 0).factory();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("run-timer").factory());

  public StartRun(
      LocalRuns localRuns,
      Journal journal,
      ExecuteRun executeRun,
      EndExecutedRun endExecutedRun,
      AbandonRun abandonRun,
      RunSignals signals,
      ConcurrencyLimit concurrency,
      ToolsetFactory toolsets,
      RunsConfig config,
      TraceRun trace,
      InstantSource clock) {
    this.trace = trace;
    this.localRuns = localRuns;
    this.journal = journal;
    this.executeRun = executeRun;
    this.endExecutedRun = endExecutedRun;
    this.abandonRun = abandonRun;
    this.signals = signals;
    this.concurrency = concurrency;
    this.toolsets = toolsets;
    this.config = config;
    this.clock = clock;
  }

  /** What a run's thread does. */
  private interface Work {
    void run(LiveRun live);
  }

  /** Starts a run for which capacity is acquired and whose claim is committed. */
  public LiveRun start(ClaimedRun claimed) {
    return start(claimed, live -> executeRun.execute(live, claimed.steps()));
  }

  /** Commits the failure of a run in place of executing it. Otherwise as {@link #start}. */
  public void startFailed(ClaimedRun claimed, RunError error) {
    start(
        claimed,
        live -> {
          openStepOf(claimed.steps()).ifPresent(live::setOpenStep);
          commitFailure(live, claimed.steps(), error);
        });
  }

  private LiveRun start(ClaimedRun claimed, Work work) {
    var run = claimed.run();
    var live = new LiveRun(run, claimed.position(), journal::enqueue, claimed.messages());
    live.events().publishCommitted(claimed.events());
    localRuns.add(live);
    signals.executionStarted(live);
    if (run.status() == RunStatus.CANCELLING) {
      live.stop(LiveRun.StopReason.CANCEL);
    }
    signals.runChanged(run.id());
    timer.schedule(
        live.events()::startJournaling, config.journalAfter().toMillis(), TimeUnit.MILLISECONDS);
    var owner = run.projectId().value();
    Runnable execution = () -> execute(live, claimed.steps(), work);
    startThread(() -> WorkOwner.run(owner, () -> trace.execute(run, execution)));
    return live;
  }

  /** Starts the thread of a run. */
  protected void startThread(Runnable execution) {
    threads.newThread(execution).start();
  }

  private void execute(LiveRun live, List<Step> steps, Work work) {
    try {
      work.run(live);
    } catch (RuntimeException | Error e) {
      if (e instanceof DatabaseException fault && fault.isOutage()) {
        // The row still names this node as the owner, so the maintenance loop takes the run over.
        LOG.warnf("run interrupted run_id=%s cause=%s", live.claimedRun().id(), e.getMessage());
      } else {
        LOG.errorf(e, "run failed unexpectedly run_id=%s", live.claimedRun().id());
        fail(live, steps);
      }
    } finally {
      localRuns.remove(live);
      live.close();
      signals.runChanged(live.claimedRun().id());
      offerSlot(live);
    }
  }

  /** Makes the slot of this run available to queued runs if its project limits concurrent runs. */
  private void offerSlot(LiveRun live) {
    try {
      if (concurrency.isLimited(live.claimedRun().projectId())) {
        signals.workAvailable();
      }
    } catch (DatabaseException e) {
      LOG.debugf("queued runs are left to the maintenance loop cause=%s", e.getMessage());
    }
  }

  private void fail(LiveRun live, List<Step> steps) {
    var error = RunError.server("The server had an error while executing the run.");
    try {
      commitFailure(live, steps, error);
    } catch (RuntimeException | Error e) {
      if (e instanceof DatabaseException fault && fault.isOutage()) {
        LOG.warnf("run interrupted run_id=%s cause=%s", live.claimedRun().id(), e.getMessage());
      } else {
        LOG.errorf(e, "failure of run was not committed run_id=%s", live.claimedRun().id());
        abandonRun.commitFailure(RunKey.of(live.claimedRun()), error);
      }
    }
  }

  private void commitFailure(LiveRun live, List<Step> steps, RunError error) {
    var execution = RunExecution.of(live, steps, toolsets.empty(), clock);
    endExecutedRun.commitEnd(execution, Run.End.failed(error));
  }

  /** The step of a run that waits for outputs of its calls. */
  private static Optional<Step> openStepOf(List<Step> steps) {
    return steps.isEmpty()
        ? Optional.empty()
        : Optional.of(steps.getLast()).filter(step -> step.status() == Step.Status.IN_PROGRESS);
  }

  @PreDestroy
  void close() {
    timer.shutdownNow();
  }
}
