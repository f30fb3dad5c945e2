package dev.threadmill.runs;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.Journal;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.threads.Message;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Starts the execution of a run that this node has claimed, on a virtual thread of its own. */
@ApplicationScoped
public class StartRun {
  private static final Logger LOG = Logger.getLogger(StartRun.class);

  private final LocalRuns liveRuns;
  private final Journal journal;
  private final ExecuteRun executeRun;
  private final FinishRun finishRun;
  private final RunSignals signals;
  private final ConcurrencyLimit concurrency;
  private final ToolsetFactory toolboxes;
  private final RunsConfig config;
  private final InstantSource clock;
  private final ThreadFactory threads = Thread.ofVirtual().name("run-", 0).factory();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("run-timer").factory());

  StartRun(
      LocalRuns liveRuns,
      Journal journal,
      ExecuteRun executeRun,
      FinishRun finishRun,
      RunSignals signals,
      ConcurrencyLimit concurrency,
      ToolsetFactory toolboxes,
      RunsConfig config,
      InstantSource clock) {
    this.liveRuns = liveRuns;
    this.journal = journal;
    this.executeRun = executeRun;
    this.finishRun = finishRun;
    this.signals = signals;
    this.concurrency = concurrency;
    this.toolboxes = toolboxes;
    this.config = config;
    this.clock = clock;
  }

  /**
   * Starts a run for which there is room taken and whose claim is committed.
   *
   * @param base the place on the tape before the claim
   * @param news what the claim has put on the tape behind it
   * @param steps what the run has done before
   */
  public LiveRun start(Run run, EventId base, List<StreamEvent> news, List<Step> steps) {
    return start(run, base, news, steps, null);
  }

  /**
   * As {@link #start(Run, EventId, List, List)}.
   *
   * @param thread all messages of its thread if they are at hand, so that they need not be read;
   *     else null
   */
  LiveRun start(
      Run run, EventId base, List<StreamEvent> news, List<Step> steps, List<Message> thread) {
    var live = new LiveRun(run, base, journal, thread);
    live.events().publishCommitted(news);
    liveRuns.add(live);
    signals.executionStarted(live);
    if (run.status() == RunStatus.CANCELLING) {
      live.stop(LiveRun.StopReason.CANCEL);
    }
    signals.runChanged(run.id());
    timer.schedule(
        live.events()::startJournaling, config.journalAfter().toMillis(), TimeUnit.MILLISECONDS);
    begin(() -> execute(live, steps));
    return live;
  }

  /** Has the run executed beside the caller. */
  void begin(Runnable execution) {
    threads.newThread(execution).start();
  }

  private void execute(LiveRun live, List<Step> steps) {
    try {
      executeRun.execute(live, steps);
    } catch (RuntimeException | Error e) {
      if (e instanceof DatabaseException fault && fault.isOutage()) {
        // The row still says that it is ours, so a sweep takes it up again.
        LOG.warnf("run interrupted run_id=%s cause=%s", live.run().id(), e.getMessage());
      } else {
        LOG.errorf(e, "run failed unforeseen run_id=%s", live.run().id());
        fail(live, steps);
      }
    } finally {
      liveRuns.remove(live);
      live.close();
      signals.runChanged(live.run().id());
      giveItsPlaceAway(live);
    }
  }

  /** Where only so many runs may be under way, another may have waited for this one to end. */
  private void giveItsPlaceAway(LiveRun live) {
    try {
      if (concurrency.isLimited(live.run().projectId())) {
        signals.workAvailable();
      }
    } catch (DatabaseException e) {
      LOG.debugf("whoever waits is found by the next sweep cause=%s", e.getMessage());
    }
  }

  private void fail(LiveRun live, List<Step> steps) {
    try {
      var error = RunError.server("The server had an error while executing the run.");
      var progress = RunExecution.of(live, steps, toolboxes.empty(), clock);
      finishRun.end(progress, null, Usage.NONE, Run.End.failed(error));
    } catch (RuntimeException e) {
      LOG.errorf(e, "run could not be failed run_id=%s", live.run().id());
    }
  }

  @PreDestroy
  void close() {
    timer.shutdownNow();
  }
}
