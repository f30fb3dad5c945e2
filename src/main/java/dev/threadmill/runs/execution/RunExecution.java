package dev.threadmill.runs.execution;

import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.Reservation;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.HistoryStart;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.SentContext;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.tools.Toolset;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The state of a run that the execution loop works on. Confined to the run's own thread.
 *
 * <p>An active run is the only writer of its thread, so this class makes the times of its steps and
 * messages rise, regardless of the clocks of other nodes.
 */
public final class RunExecution {
  /** The reason of a run that ends at its limit of turns. */
  public static final String MAX_TURNS = "max_turns";

  /** The reason of a run that ends at its limit of tool calls. */
  public static final String MAX_TOOL_CALLS = "max_tool_calls";

  private static final int MAX_IMAGES = 100;

  private final LiveRun live;
  private final InstantSource clock;
  private Toolset toolset;
  private Run run;
  private int lastOrdinal;
  private Instant lastTimestamp;
  private int turns;
  private int toolCalls;
  private int serverCalls;
  private final Set<String> toolNames = new TreeSet<>();
  private final Set<String> images = new LinkedHashSet<>();
  private SentContext sentContext;
  private Reservation reservation = Reservation.NONE;
  private Usage unsettled;
  private HistoryStart historyStart;
  private List<String> warnings;
  private volatile boolean isSafetyFlagged;
  private final List<Activity> uncommitted = new ArrayList<>();

  private RunExecution(LiveRun live, Toolset toolset, InstantSource clock) {
    this.live = live;
    this.toolset = toolset;
    this.clock = clock;
    this.run = live.claimedRun();
    this.lastTimestamp = latest(run.times().created(), run.times().started());
    this.warnings = toolset.warnings();
  }

  /**
   * The state of a run that starts, or continues behind these steps.
   *
   * @param steps the steps of the run so far
   */
  public static RunExecution of(
      LiveRun live, List<Step> steps, Toolset toolset, InstantSource clock) {
    var execution = new RunExecution(live, toolset, clock);
    for (var step : steps) {
      execution.lastOrdinal = Math.max(execution.lastOrdinal, step.ordinal());
      var until = step.endedAt() == null ? step.createdAt() : step.endedAt();
      execution.lastTimestamp = latest(execution.lastTimestamp, until);
      if (step.calls().stream().noneMatch(call -> call.callType().isOpening())) {
        execution.turns = step.ordinal();
      }
      step.calls().stream()
          .filter(call -> !call.callType().isOpening())
          .forEach(call -> execution.toolNames.add(call.name()));
      step.calls().forEach(execution::addImages);
    }
    return execution;
  }

  /** The run has these tools from here on. */
  public void equip(Toolset tools) {
    toolset = tools;
    warnings = tools.warnings();
  }

  /** Where the history begins for the prompts of the run; null while it is not known. */
  public HistoryStart historyStart() {
    return historyStart;
  }

  /** Sets {@link #historyStart}. */
  public void setHistoryStart(HistoryStart start) {
    historyStart = start;
  }

  /** Adds the figures that a call has shown; the message that ends the run has them. */
  public void addImages(ToolCall call) {
    images.addAll(CallObject.images(call));
  }

  /** The figures that the calls of the run have shown, as parts of a message. */
  public List<ContentPart.ImageFile> images() {
    return images.stream()
        .limit(MAX_IMAGES)
        .map(file -> new ContentPart.ImageFile.Picture(file, ContentPart.Detail.AUTO))
        .map(ContentPart.ImageFile::new)
        .toList();
  }

  /** Notes that a part of an answer was withheld for safety. */
  public void flagSafety() {
    isSafetyFlagged = true;
  }

  /** Whether a part of an answer of this attempt was withheld for safety. */
  public boolean isSafetyFlagged() {
    return isSafetyFlagged;
  }

  /** The live run, which other threads of this node see. */
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
   * How many turns the run has taken: model calls after which it continued. After a pause this is
   * an upper bound until {@link #restoreCounts}.
   */
  public int turns() {
    return turns;
  }

  /** Counts a turn: an answer with so many tool calls. */
  public void countTurn(List<ToolCall> calls) {
    turns++;
    toolCalls += calls.size();
    calls.forEach(call -> toolNames.add(call.name()));
  }

  /** The functions that the model has called, as far as this attempt has recorded them. */
  public Set<String> toolNames() {
    return toolNames;
  }

  /** Sets the counts to what is stored. */
  public void restoreCounts(ToolCallStore.TurnCounts counts) {
    turns = counts.turns();
    toolCalls = counts.toolCalls();
    serverCalls = counts.serverCalls();
  }

  /** Whether the run has reached its limit of turns. */
  public boolean isAtMaxTurns() {
    var most = run.settings().turns().maxTurns();
    return most != null && turns >= most;
  }

  /** Whether the run may make so many more tool calls. */
  public boolean allowsToolCalls(int calls) {
    var most = run.settings().turns().mostToolCalls();
    return most == null || toolCalls + calls <= most;
  }

  /** Whether the server may make another tool call. */
  public boolean allowsServerCall() {
    var most = run.settings().turns().maxServerCalls();
    return most == null || serverCalls < most;
  }

  /** Counts a tool call that the server makes. */
  public void countServerCall() {
    serverCalls++;
  }

  /** What the model is offered: only functions of the client if the server may make no calls. */
  public List<FunctionSpec> functions() {
    return allowsServerCall() ? toolset.functions() : toolset.clientFunctions();
  }

  /** Adds the usage of a model call. */
  public void addUsage(Usage usage) {
    run = run.withUsage(run.usage().plus(usage));
    unsettled = unsettled == null ? usage : unsettled.plus(usage);
  }

  /** Adds the usage of a run below, which is settled already. */
  public void addChildUsage(Usage usage) {
    run = run.withUsage(run.usage().plus(usage));
  }

  /** Sets the reservation of the next model call. */
  public void setReservation(Reservation forCall) {
    reservation = forCall;
    unsettled = null;
  }

  /** The reservation of the current model call; {@link Reservation#NONE} once it is settled. */
  public Reservation reservation() {
    return reservation;
  }

  /** Settles the current model call if it is over. The last statement of a transaction. */
  public void settle(Tx tx, BudgetLedger ledger) {
    if (unsettled != null) {
      ledger.settle(tx, reservation, unsettled);
    }
  }

  /** The transaction that settled the current model call is committed. */
  public void markSettled() {
    if (unsettled != null) {
      reservation = Reservation.NONE;
      unsettled = null;
    }
  }

  /** Adds an event that is stored with the next commit of the run. */
  public void record(Activity activity) {
    uncommitted.add(activity);
  }

  /** The events that the next commit stores, in their order. */
  public List<Activity> uncommittedActivities() {
    return uncommitted;
  }

  /** The events are committed. */
  public void markActivitiesCommitted() {
    uncommitted.clear();
  }

  /** The context of the current model call; null before the first. */
  public SentContext sentContext() {
    return sentContext;
  }

  /** Sets the context of the next model call. */
  public void setSentContext(SentContext context) {
    sentContext = context;
  }

  /** Starts a step of this type. The first one has the warnings of the toolset. */
  public Step startStep(Step.Type type) {
    lastOrdinal++;
    var step = Step.started(run, run.attempt(), lastOrdinal, type, nextTimestamp());
    var warned = step.withWarnings(warnings);
    warnings = List.of();
    return warned;
  }

  /** The current time, or a later one if needed: later than all times that the run has stored. */
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
