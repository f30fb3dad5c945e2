package dev.threadmill.runs.recovery;

import dev.threadmill.api.RunId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.ClaimRuns;
import dev.threadmill.runs.FinishRun;
import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.NodeLease;
import dev.threadmill.runs.RunsConfig;
import dev.threadmill.runs.StartRun;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.streams.LoadRun;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Takes over runs whose node has died or does not know of them, and goes on behind their last
 * stored step. What the dead node had begun is closed first: a half-streamed message stays in the
 * thread as incomplete, half-made tool calls end with a result that says so.
 */
@ApplicationScoped
public class TakeOver {
  private static final Logger LOG = Logger.getLogger(TakeOver.class);
  private static final int MOST_AT_ONCE = 50;

  private final Jdbc jdbc;
  private final LocalRuns liveRuns;
  private final StartRun startRun;
  private final RunStore runs;
  private final StepStore steps;
  private final MessageStore messages;
  private final BudgetLedger spending;
  private final NodeLease node;
  private final RunsConfig config;
  private final InstantSource clock;

  /** Runs of this node that it does not execute, and since when that is known. */
  private final Map<RunId, Long> strays = new HashMap<>();

  public TakeOver(
      Jdbc jdbc,
      LocalRuns liveRuns,
      StartRun startRun,
      RunStore runs,
      StepStore steps,
      MessageStore messages,
      BudgetLedger spending,
      NodeLease node,
      RunsConfig config,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.liveRuns = liveRuns;
    this.startRun = startRun;
    this.runs = runs;
    this.steps = steps;
    this.messages = messages;
    this.spending = spending;
    this.node = node;
    this.config = config;
    this.clock = clock;
  }

  private record Taken(Run run, EventId base, List<StreamEvent> news) {}

  /** Takes over what has no living owner, as far as there is room. Returns how many runs. */
  int takeOver() {
    int taken = 0;
    for (var orphan : orphans()) {
      if (!node.isRegistered() || !liveRuns.tryAcquire()) {
        return taken;
      }
      Optional<Taken> mine = Optional.empty();
      try {
        mine = jdbc.inTransaction(tx -> take(tx, orphan));
      } finally {
        if (mine.isEmpty()) {
          liveRuns.release(1);
        }
      }
      if (mine.isPresent()) {
        start(mine.get());
        taken++;
      }
    }
    return taken;
  }

  private void start(Taken taken) {
    var run = taken.run();
    LOG.infof("run taken over run_id=%s attempt=%s", run.id(), run.attempt());
    var done = jdbc.whenAvailable(() -> steps.ofRun(run));
    startRun.start(run, taken.base(), taken.news(), done);
  }

  /** Only runs under way have an owner; the index is by that status, however many have ended. */
  private List<Run> orphans() {
    var executed = liveRuns.all().stream().map(live -> live.run().id()).toList();
    var found =
        jdbc.list(
            "SELECT "
                + RunStore.COLUMNS
                + """
                 FROM runs r
                WHERE status IN ('in_progress', 'cancelling') AND owner IS NOT NULL
                  AND (NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = r.owner)
                    OR owner = ? AND NOT id = ANY (?))
                LIMIT ?
                """,
            RunStore::read,
            node.id(),
            executed,
            MOST_AT_ONCE);
    strays.keySet().retainAll(found.stream().map(Run::id).toList());
    return found.stream().filter(run -> !node.id().equals(run.owner()) || isStray(run)).toList();
  }

  /**
   * Whether a run that is this node's by its row has not been executed here for a lease: the
   * connection broke in the commit of its claim, which was taken to have failed.
   */
  private boolean isStray(Run run) {
    long now = System.nanoTime();
    return now - strays.computeIfAbsent(run.id(), _ -> now) > config.lease().toNanos();
  }

  /** Raises the attempt, which shuts the dead node out, then tidies up behind it. */
  private Optional<Taken> take(Tx tx, Run orphan) {
    FinishRun.touchThread(tx, orphan.threadId(), clock.instant());
    var locked =
        runs.lock(tx, orphan.threadId(), orphan.id())
            .filter(run -> orphan.owner().equals(run.owner()))
            .filter(run -> run.attempt() == orphan.attempt());
    if (locked.isEmpty()) {
      return Optional.empty();
    }
    var run = locked.get();
    var unstored = new ArrayList<>(LoadRun.uncommitted(tx, run));
    close(tx, run, InterruptedStep.of(run, unstored)).forEach(told -> unstored.add(told.event()));
    steps.keepHeard(tx, run, unstored);
    FinishRun.clearJournal(tx, run);

    var claimed =
        run.status() == RunStatus.CANCELLING
            ? run.claimed(node.id(), run.attempt() + 1, clock.instant())
                .withStatus(RunStatus.CANCELLING)
            : run.claimed(node.id(), run.attempt() + 1, clock.instant());
    var news = List.of(StreamEvents.attemptStarted(claimed.attempt()));
    var base = ClaimRuns.endOf(run);
    for (var event : unstored) {
      base = base.after(event);
    }
    tx.update(
        "UPDATE runs SET tape = tape || ? WHERE thread_id = ? AND id = ?",
        EventLog.format(unstored),
        run.threadId(),
        run.id());
    ClaimRuns.setClaim(tx, claimed, news);
    spending.abandon(tx, run.payer(), run.id());
    return Optional.of(new Taken(claimed, base, news));
  }

  private List<StreamEvent> close(Tx tx, Run run, Optional<InterruptedStep> interrupted) {
    if (interrupted.isEmpty()) {
      return List.of();
    }
    Instant at = clock.instant();
    var error = RunError.server(AssistantMessages.INTERRUPTED);
    var step = interrupted.get().step().with(Usage.NONE).ended(Step.Status.FAILED, at, error);
    var told = new ArrayList<StreamEvent>();
    if (interrupted.get().isMessageBegun()) {
      Message message =
          AssistantMessages.interrupted(run, step, interrupted.get().text(), step.endedAt());
      messages.insert(tx, run.projectId(), List.of(message));
      told.add(StreamEvents.messageEnded(step, message));
    }
    steps.insert(tx, run, step, null);
    told.add(StreamEvents.stepEnded(step));
    return told;
  }
}
