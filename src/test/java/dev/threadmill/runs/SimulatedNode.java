package dev.threadmill.runs;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.context.BuildContext;
import dev.threadmill.runs.context.PromptPermits;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.Journal;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.execution.TraceRun;
import dev.threadmill.runs.maintenance.MaintenanceLoop;
import dev.threadmill.runs.maintenance.ReclaimRun;
import dev.threadmill.runs.maintenance.SubscriptionPoller;
import dev.threadmill.runs.maintenance.TakeOver;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.routing.CompleteHandoff;
import dev.threadmill.runs.routing.CreateChildRun;
import dev.threadmill.runs.routing.PlanRoute;
import dev.threadmill.runs.routing.ResumeParent;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.NodeStore;
import dev.threadmill.runs.store.RunJournal;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.RunWorkQueue;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.runs.streams.EventEncoder;
import dev.threadmill.runs.streams.RunEventReader;
import dev.threadmill.runs.streams.RunEventStream;
import dev.threadmill.telemetry.GenAiMetrics;
import dev.threadmill.telemetry.tracing.Tracing;
import dev.threadmill.tools.code.LinkedFiles;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;

/**
 * A node put together from the classes of the engine, whose executions are actors of a {@link
 * TurnScheduler} and whose model answers what the seed says. It has no thread of its own.
 */
final class SimulatedNode {
  static final ProjectId PROJECT = new ProjectId("proj_default");

  final NodeLease node;
  final LocalRuns localRuns;
  final Journal journal;
  final MaintenanceLoop maintenance;
  final CreateRun create;
  final CancelRun cancel;
  final SubmitToolOutputs submit;
  private final StartRun startRun;
  private final RunSubscriptions subscriptions;
  boolean frozen;

  /** By how much its clock is ahead. */
  volatile Duration ahead;

  private final SimulatedParts parts;
  private final Jdbc jdbc;
  private final RunsConfig config = new SimulatedConfig();
  private final InstantSource clock;
  private final RunStore runs;
  private final RunWorkQueue workQueue;
  private final RunTransitions transitions;
  private final StepStore steps;
  private final StepWriter stepWriter = new StepWriter();
  private final RunJournal runJournal;
  private final ChildRunStore children;
  private final ToolCallStore toolCalls;

  SimulatedNode(
      SimulatedParts parts,
      TurnScheduler scheduler,
      Random random,
      ScriptedModel.Calls calls,
      Duration ahead) {
    this.parts = parts;
    this.ahead = ahead;
    jdbc = new Jdbc(TurnScheduler.yielding(parts.dataSource));
    clock = () -> parts.clock.instant().plus(this.ahead);
    runs = new RunStore(jdbc);
    workQueue = new RunWorkQueue(jdbc);
    transitions = new RunTransitions(jdbc, parts.activity);
    toolCalls = new ToolCallStore(jdbc);
    steps = new StepStore(jdbc, toolCalls);
    runJournal = new RunJournal(jdbc);
    children = new ChildRunStore(jdbc);
    node = lease();
    localRuns = new LocalRuns(config);
    journal = new Journal(runJournal);
    subscriptions = new RunSubscriptions(parts.signals);
    var signals = new RunSignals(localRuns, subscriptions, parts.signals);
    var resumeParent =
        new ResumeParent(
            transitions,
            new CompleteHandoff(
                runs, transitions, steps, stepWriter, parts.messages, parts.threadTail, signals),
            signals);
    var endIdle =
        new EndIdleRun(
            jdbc,
            runs,
            transitions,
            steps,
            stepWriter,
            children,
            resumeParent,
            parts.threadTail,
            signals);
    cancel = new CancelRun(runs, transitions, children, endIdle, localRuns, signals, clock);
    var createChild =
        new CreateChildRun(parts.threads, parts.threadTail, parts.messages, transitions, parts.ids);
    var commit =
        new AttemptCommit(
            jdbc,
            runs,
            transitions,
            stepWriter,
            runJournal,
            parts.messages,
            parts.threadTail,
            parts.scheduleSummary,
            parts.ledger,
            createChild,
            resumeParent,
            signals,
            parts.outbox);
    var abandon =
        new AbandonRun(
            jdbc,
            runs,
            transitions,
            stepWriter,
            runJournal,
            resumeParent,
            parts.threadTail,
            parts.ledger,
            signals,
            clock);
    startRun = startRun(scheduler, random, calls, commit, createChild, abandon, signals);
    var waiting = new WaitingRuns(jdbc, workQueue, transitions, parts.threads, parts.messages);
    maintenance = maintenance(waiting, endIdle, abandon);
    submit =
        new SubmitToolOutputs(
            jdbc,
            runs,
            transitions,
            steps,
            stepWriter,
            localRuns,
            startRun,
            node,
            signals,
            parts.concurrency,
            parts.gate,
            clock,
            parts.outbox);
    var completeOpenCalls =
        new CompleteOpenCalls(
            runs,
            transitions,
            steps,
            stepWriter,
            new ToolCallStore(jdbc),
            resumeParent,
            signals,
            parts.gate,
            clock);
    create =
        new CreateRun(
            jdbc,
            parts.assistantCache,
            parts.resolveSettings,
            parts.threads,
            new PrepareEntries(parts.prepareMessages, parts.gate, parts.ids),
            completeOpenCalls,
            parts.prepareThread,
            new InsertRun(
                parts.threads,
                new AppendEntries(parts.messages, stepWriter, new ToolCallStore(jdbc), parts.ids),
                completeOpenCalls,
                transitions,
                waiting,
                localRuns,
                node,
                parts.ids,
                config,
                Tracing.OFF,
                parts.ledger),
            localRuns,
            startRun,
            cancel,
            node,
            signals,
            parts.admitRequest,
            parts.concurrency,
            new RequireVision(parts.models, parts.messages));
    node.register();
  }

  private NodeLease lease() {
    return new NodeLease(
        jdbc,
        parts.connection,
        new NodeStore(jdbc),
        transitions,
        parts.ids,
        config,
        parts.signals) {
      @Override
      public boolean isHealthyForOneLease() {
        return true;
      }
    };
  }

  private StartRun startRun(
      TurnScheduler scheduler,
      Random random,
      ScriptedModel.Calls calls,
      AttemptCommit commit,
      CreateChildRun createChild,
      AbandonRun abandon,
      RunSignals signals) {
    var complete = new EndExecutedRun(commit, cancel);
    var trace =
        new TraceRun(
            Tracing.OFF, new GenAiMetrics(new SimpleMeterRegistry()), parts.assistantCache, null);
    var progress = new CommitProgress(commit);
    var planRoute =
        new PlanRoute(
            parts.assistants, parts.resolveSettings, children, parts.gate, parts.ids, config);
    var execute =
        new ExecuteRun(
            new BuildContext(
                parts.models,
                parts.history,
                parts.memory,
                parts.promptFiles,
                parts.findHistoryStart,
                parts.privacy,
                jdbc),
            parts.openRun,
            new PromptPermits(),
            new ScriptedModel(parts.gate, parts.models, parts.ledger, config, random, calls, clock),
            complete,
            progress,
            toolCalls,
            jdbc,
            new ExecuteTools(
                progress,
                toolCalls,
                planRoute,
                createChild,
                children,
                parts.toolsConfig,
                parts.gate,
                trace,
                parts.reveal,
                clock),
            parts.toolsets,
            parts.ledger,
            parts.work,
            parts.runTime,
            new ResolveCitations(toolCalls, new LinkedFiles(jdbc)),
            config,
            clock);
    return new StartRun(
        localRuns,
        journal,
        execute,
        complete,
        abandon,
        signals,
        parts.concurrency,
        parts.toolsets,
        config,
        trace,
        clock) {
      @Override
      protected void startThread(Runnable execution) {
        scheduler.add(SimulatedNode.this, execution);
      }
    };
  }

  private MaintenanceLoop maintenance(WaitingRuns waiting, EndIdleRun endIdle, AbandonRun abandon) {
    var takeOver =
        new TakeOver(
            jdbc,
            localRuns,
            startRun,
            abandon,
            workQueue,
            new ReclaimRun(
                runs,
                transitions,
                runJournal,
                stepWriter,
                parts.messages,
                parts.threadTail,
                parts.ledger,
                node,
                clock),
            steps,
            node,
            config);
    var claim =
        new ClaimRuns(
            jdbc,
            localRuns,
            startRun,
            abandon,
            runs,
            workQueue,
            transitions,
            steps,
            parts.threadTail,
            node,
            parts.concurrency,
            clock);
    return new MaintenanceLoop(
        node,
        localRuns,
        workQueue,
        claim,
        takeOver,
        waiting,
        endIdle,
        abandon,
        cancel,
        new SubscriptionPoller(runs, subscriptions),
        parts.signals,
        config,
        clock);
  }

  /** The events that it sends to a client that has read up to this one. */
  RunEventStream events(ThreadId thread, RunId run, EventId seen) {
    return new RunEventStream(
        new RunEventReader(localRuns, subscriptions, parts.loadRun, PROJECT, thread, run, seen),
        EventEncoder.ASSISTANTS_API,
        false,
        null);
  }

  /** It is not needed any more. */
  void close() {
    startRun.close();
  }
}
