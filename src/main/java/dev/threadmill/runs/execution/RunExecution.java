package dev.threadmill.runs.execution;

import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.Reservation;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.SentContext;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.tools.Toolset;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * How far the loop has come with a run. It lives on the run's own thread.
 *
 * <p>While a run is active it alone adds to the thread, so the times of its steps and messages can
 * be made to rise here, whatever the clocks of other nodes say.
 */
public final class RunExecution {
  /** The limits of an assistant or a run, as they are named where a run ends at one. */
  public static final String MAX_TURNS = "max_turns";

  /** As {@link #MAX_TURNS}, of the tool calls. */
  public static final String MAX_TOOL_CALLS = "max_tool_calls";

  private final LiveRun live;
  private final InstantSource clock;
  private final Toolset toolset;
  private Run run;
  private int lastOrdinal;
  private Instant lastTimestamp;
  private int turns;
  private int toolCalls;
  private SentContext sentContext;
  private Reservation reservation = Reservation.NONE;
  private Usage unsettled;

  private RunExecution(LiveRun live, Toolset toolbox, InstantSource clock) {
    this.live = live;
    this.toolset = toolbox;
    this.clock = clock;
    this.run = live.run();
    this.lastTimestamp = latest(run.times().created(), run.times().started());
  }

  /**
   * @param steps what the run has done so far
   */
  public static RunExecution of(
      LiveRun live, List<Step> steps, Toolset toolbox, InstantSource clock) {
    var progress = new RunExecution(live, toolbox, clock);
    for (var step : steps) {
      progress.lastOrdinal = Math.max(progress.lastOrdinal, step.ordinal());
      var until = step.endedAt() == null ? step.createdAt() : step.endedAt();
      progress.lastTimestamp = latest(progress.lastTimestamp, until);
      progress.turns = progress.lastOrdinal;
    }
    return progress;
  }

  /** The run as others on this node see it. */
  public LiveRun live() {
    return live;
  }

  /** The tools that the run's model may call. */
  public Toolset toolset() {
    return toolset;
  }

  /** The run as it is now. */
  public Run run() {
    return run;
  }

  /**
   * How often the run has called the model and gone on from there; after a pause perhaps too high,
   * unless {@link #restoreCounts} has told.
   */
  public int turns() {
    return turns;
  }

  /** An answer has called so many tools, so that the run goes on. */
  public void countTurn(int calls) {
    turns++;
    toolCalls += calls;
  }

  /** So often the run has called the model and gone on, and so many tools it has called. */
  public void restoreCounts(StepStore.Spent spent) {
    turns = spent.turns();
    toolCalls = spent.toolCalls();
  }

  /** Whether the run may not call the model once more. */
  public boolean isAtMaxTurns() {
    var most = run.settings().turns().maxTurns();
    return most != null && turns >= most;
  }

  /** Whether the run may call so many tools more. */
  public boolean allowsToolCalls(int calls) {
    var most = run.settings().turns().maxToolCalls();
    return most == null || toolCalls + calls <= most;
  }

  /** A model call has used this. */
  public void addUsage(Usage usage) {
    run = run.with(run.usage().plus(usage));
    unsettled = unsettled == null ? usage : unsettled.plus(usage);
  }

  /** A run below has used this, which is paid for. */
  public void addChildUsage(Usage usage) {
    run = run.with(run.usage().plus(usage));
  }

  /** This is set aside for the model call that comes now. */
  public void setReservation(Reservation forCall) {
    reservation = forCall;
    unsettled = null;
  }

  /** What the model call in hand has set aside; nothing once it is settled. */
  public Reservation reservation() {
    return reservation;
  }

  /** Pays for the model call in hand, if it is over. The last statement of a transaction. */
  public void settle(Tx tx, BudgetLedger spending) {
    if (unsettled != null) {
      spending.settle(tx, reservation, unsettled);
    }
  }

  /** The transaction is committed that has paid for the model call in hand, if it was over. */
  public void markSettled() {
    if (unsettled != null) {
      reservation = Reservation.NONE;
      unsettled = null;
    }
  }

  /** What the model call in hand is sent; null before the first. */
  public SentContext sentContext() {
    return sentContext;
  }

  /** This is what the next model call is sent. */
  public void setSentContext(SentContext context) {
    sentContext = context;
  }

  /** A step of this type begins. */
  Step startStep(Step.Type type) {
    lastOrdinal++;
    return Step.started(run, run.attempt(), lastOrdinal, type, nextTimestamp());
  }

  /** The time now, but later than everything the run has stored. */
  public Instant nextTimestamp() {
    lastTimestamp =
        latest(
            clock.instant().truncatedTo(ChronoUnit.MICROS),
            lastTimestamp.plus(1, ChronoUnit.MICROS));
    return lastTimestamp;
  }

  private static Instant latest(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }
}
