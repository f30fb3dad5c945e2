package dev.threadmill.runs;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AssistantCache;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.RoutingTargets;
import dev.threadmill.assistants.ToolSecrets;
import dev.threadmill.db.DedicatedConnection;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.limits.AdmitRequest;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.memory.RetrieveMemory;
import dev.threadmill.memory.ScheduleSummary;
import dev.threadmill.models.ModelRegistry;
import dev.threadmill.runs.context.BuildContext;
import dev.threadmill.runs.context.PromptPermits;
import dev.threadmill.runs.context.ThreadHistory;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.Journal;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.recovery.MaintenanceLoop;
import dev.threadmill.runs.recovery.SubscriptionPoller;
import dev.threadmill.runs.recovery.TakeOver;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.streams.EventEncoder;
import dev.threadmill.runs.streams.LoadRun;
import dev.threadmill.runs.streams.RunEventReader;
import dev.threadmill.runs.streams.RunEventStream;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.PrepareMessages;
import dev.threadmill.threads.PrepareThread;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;

/**
 * A node put together from the classes of the engine, whose executions are actors of a {@link
 * TurnScheduler} and whose model answers what the seed says. It has no thread of its own.
 */
final class SimulatedNode {
  static final ProjectId PROJECT = new ProjectId("proj_default");

  final NodeLease node;
  final LocalRuns liveRuns;
  final Journal journal;
  final MaintenanceLoop sweep;
  final CreateRun create;
  final CancelRun cancel;
  final SubmitToolOutputs submit;
  private final StartRun startRun;
  private final RunSubscriptions watches;
  private final LoadRun loadRun;
  boolean frozen;

  /** By how much its clock is ahead. */
  volatile Duration ahead;

  /** What all nodes have in common: what is not of the engine, or keeps nothing. */
  @Singleton
  static class Parts {
    final RunStore runs;
    final LoadRun loadRun;
    final StepStore steps;
    final MessageStore messages;
    final ThreadStore threads;
    final ThreadHistory history;
    final ScheduleSummary noteRun;
    final RetrieveMemory memory;
    final ToolsetFactory toolboxes;
    final ToolsConfig toolSettings;
    final ModelRegistry models;
    final Signals signals;
    final DedicatedConnection side;
    final Ids ids;
    final Assistants assistants;
    final AssistantCache knownAssistants;
    final ToolSecrets toolSecrets;
    final PrepareMessages prepareMessages;
    final ContentGate gate;
    final PrepareThread prepareThread;
    final BudgetLedger spending;
    final ConcurrencyLimit concurrency;
    final AdmitRequest admitRequest;
    final RoutingTargets routingTargets;
    final DataSource dataSource;
    final Jdbc jdbc;
    final SettableClock clock;

    Parts(
        RunStore runs,
        LoadRun loadRun,
        StepStore steps,
        MessageStore messages,
        ThreadStore threads,
        ThreadHistory history,
        ScheduleSummary noteRun,
        RetrieveMemory memory,
        ToolsetFactory toolboxes,
        ToolsConfig toolSettings,
        ModelRegistry models,
        Signals signals,
        DedicatedConnection side,
        Ids ids,
        Assistants assistants,
        AssistantCache knownAssistants,
        ToolSecrets toolSecrets,
        PrepareMessages prepareMessages,
        ContentGate gate,
        PrepareThread prepareThread,
        BudgetLedger spending,
        ConcurrencyLimit concurrency,
        AdmitRequest admitRequest,
        RoutingTargets routingTargets,
        DataSource dataSource,
        Jdbc jdbc,
        SettableClock clock) {
      this.runs = runs;
      this.loadRun = loadRun;
      this.steps = steps;
      this.messages = messages;
      this.threads = threads;
      this.history = history;
      this.noteRun = noteRun;
      this.memory = memory;
      this.toolboxes = toolboxes;
      this.toolSettings = toolSettings;
      this.models = models;
      this.signals = signals;
      this.side = side;
      this.ids = ids;
      this.assistants = assistants;
      this.knownAssistants = knownAssistants;
      this.toolSecrets = toolSecrets;
      this.prepareMessages = prepareMessages;
      this.gate = gate;
      this.prepareThread = prepareThread;
      this.spending = spending;
      this.concurrency = concurrency;
      this.admitRequest = admitRequest;
      this.routingTargets = routingTargets;
      this.dataSource = dataSource;
      this.jdbc = jdbc;
      this.clock = clock;
    }
  }

  SimulatedNode(
      Parts parts, TurnScheduler baton, Random random, ScriptedModel.Calls calls, Duration ahead) {
    var jdbc = new Jdbc(TurnScheduler.yielding(parts.dataSource));
    this.ahead = ahead;
    InstantSource clock = () -> parts.clock.instant().plus(this.ahead);
    var config = new Settings();
    node =
        new NodeLease(jdbc, parts.side, parts.ids, config, parts.signals) {
          @Override
          boolean isHealthyForOneLease() {
            return true;
          }
        };
    liveRuns = new LocalRuns(config);
    journal = new Journal(jdbc);
    loadRun = parts.loadRun;
    watches = new RunSubscriptions(parts.signals);
    var signals = new RunSignals(liveRuns, watches, parts.signals);
    var children = new ChildRuns(jdbc, null, signals);
    var routeCalls =
        new RouteCalls(
            parts.assistants,
            parts.toolSecrets,
            parts.routingTargets,
            parts.threads,
            parts.messages,
            parts.runs,
            children,
            parts.ids,
            config);
    // Runs of this simulation have no children. Two of these need each other.
    var late = new AtomicReference<CancelChildRuns>();
    var stopLater =
        new CancelChildRuns(children, null) {
          @Override
          void afterEnd(Run ended) {
            late.get().afterEnd(ended);
          }
        };
    var endIdle = new EndIdleRun(jdbc, parts.runs, parts.steps, children, stopLater, signals);
    cancel = new CancelRun(jdbc, parts.runs, endIdle, stopLater, liveRuns, signals, clock);
    var stopChildren = new CancelChildRuns(children, cancel);
    late.set(stopChildren);
    var finish =
        new FinishRun(
            jdbc,
            parts.steps,
            parts.messages,
            parts.noteRun,
            parts.spending,
            routeCalls,
            children,
            stopChildren,
            signals);
    var execute =
        new ExecuteRun(
            new BuildContext(parts.models, parts.history, parts.memory, jdbc),
            new PromptPermits(),
            new ScriptedModel(parts.gate, parts.models, parts.spending, random, calls),
            finish,
            parts.steps,
            jdbc,
            new ExecuteTools(
                finish, parts.steps, routeCalls, children, parts.toolSettings, parts.gate),
            parts.toolboxes,
            parts.spending,
            config,
            clock);
    startRun =
        new StartRun(
            liveRuns,
            journal,
            execute,
            finish,
            signals,
            parts.concurrency,
            parts.toolboxes,
            config,
            clock) {
          @Override
          void begin(Runnable execution) {
            baton.add(SimulatedNode.this, execution);
          }
        };
    var waiting = new WaitingRuns(jdbc, parts.threads, parts.messages);
    sweep =
        new MaintenanceLoop(
            jdbc,
            node,
            liveRuns,
            new ClaimRuns(jdbc, liveRuns, startRun, parts.steps, node, parts.concurrency, clock),
            new TakeOver(
                jdbc,
                liveRuns,
                startRun,
                parts.runs,
                parts.steps,
                parts.messages,
                parts.spending,
                node,
                config,
                clock),
            waiting,
            endIdle,
            stopChildren,
            new SubscriptionPoller(jdbc, watches),
            parts.signals,
            config,
            clock);
    submit =
        new SubmitToolOutputs(
            jdbc,
            parts.runs,
            parts.steps,
            liveRuns,
            startRun,
            node,
            signals,
            parts.concurrency,
            parts.gate,
            clock);
    create =
        new CreateRun(
            jdbc,
            parts.knownAssistants,
            parts.toolSecrets,
            parts.routingTargets,
            parts.threads,
            parts.messages,
            parts.prepareMessages,
            parts.prepareThread,
            parts.runs,
            liveRuns,
            startRun,
            node,
            signals,
            parts.ids,
            parts.admitRequest,
            parts.concurrency,
            waiting,
            cancel);
    node.register();
  }

  /** What it tells a client who has come this far. */
  RunEventStream events(ThreadId thread, RunId run, EventId seen) {
    return new RunEventStream(
        new RunEventReader(liveRuns, watches, loadRun, PROJECT, thread, run, seen),
        EventEncoder.ASSISTANTS_API,
        false,
        null);
  }

  /** It is not needed any more. */
  void close() {
    startRun.close();
  }

  /** Nothing happens by itself: it is the simulation that lets time pass. */
  private static final class Settings implements RunsConfig {
    @Override
    public int concurrency() {
      return 2;
    }

    @Override
    public Duration lease() {
      return Duration.ofHours(1);
    }

    @Override
    public Duration journalAfter() {
      return Duration.ofDays(1);
    }

    @Override
    public Duration sweepEvery() {
      return Duration.ofDays(1);
    }

    @Override
    public Duration drain() {
      return Duration.ZERO;
    }

    @Override
    public int maxTurns() {
      return 100;
    }

    @Override
    public int routingDepth() {
      return 1;
    }

    @Override
    public int routingRuns() {
      return 1;
    }

    @Override
    public Duration pollAfter() {
      return Duration.ofMillis(1);
    }
  }
}
