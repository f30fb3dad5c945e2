package dev.threadmill.runs;

import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.WorkLedger;
import dev.threadmill.models.ContextWindowException;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.context.BuildContext;
import dev.threadmill.runs.context.PromptPermits;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.RunTime;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.runs.store.TruncationStrategy;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.tools.ToolUnavailableException;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Executes a run that this node has claimed, as straight-line code on a virtual thread: builds the
 * context, calls the model, executes its tool calls, and repeats that until the model is done.
 */
@ApplicationScoped
class ExecuteRun {
  private static final Logger LOG = Logger.getLogger(ExecuteRun.class);

  /** How often a prompt is cut for a context window that the provider's refusal made known. */
  private static final int MAX_CUTS = 3;

  private final BuildContext buildContext;
  private final OpenRun openRun;
  private final PromptPermits promptPermits;
  private final CallModel callModel;
  private final EndExecutedRun endExecutedRun;
  private final CommitProgress commitProgress;
  private final ToolCallStore toolCalls;
  private final Jdbc jdbc;
  private final ExecuteTools executeTools;
  private final ToolsetFactory toolsets;
  private final BudgetLedger ledger;
  private final WorkLedger work;
  private final RunTime runTime;
  private final ResolveCitations citations;
  private final RunsConfig config;
  private final InstantSource clock;

  ExecuteRun(
      BuildContext buildContext,
      OpenRun openRun,
      PromptPermits promptPermits,
      CallModel callModel,
      EndExecutedRun endExecutedRun,
      CommitProgress commitProgress,
      ToolCallStore toolCalls,
      Jdbc jdbc,
      ExecuteTools executeTools,
      ToolsetFactory toolsets,
      BudgetLedger ledger,
      WorkLedger work,
      RunTime runTime,
      ResolveCitations citations,
      RunsConfig config,
      InstantSource clock) {
    this.buildContext = buildContext;
    this.openRun = openRun;
    this.promptPermits = promptPermits;
    this.callModel = callModel;
    this.endExecutedRun = endExecutedRun;
    this.commitProgress = commitProgress;
    this.toolCalls = toolCalls;
    this.jdbc = jdbc;
    this.executeTools = executeTools;
    this.toolsets = toolsets;
    this.ledger = ledger;
    this.work = work;
    this.runTime = runTime;
    this.citations = citations;
    this.config = config;
    this.clock = clock;
  }

  /** The state of the run after a turn of the loop. */
  private enum Outcome {
    /** The loop continues. */
    CONTINUE,
    /** The run has ended, waits, or is owned by another node: this node is done with it. */
    DONE
  }

  /**
   * Executes the run until it ends, pauses, or is taken over by another node.
   *
   * @param steps what the run did before
   */
  void execute(LiveRun live, List<Step> steps) {
    if (!steps.isEmpty() && steps.getLast().status() == Step.Status.IN_PROGRESS) {
      live.setOpenStep(steps.getLast());
    }
    var execution = RunExecution.of(live, steps, toolsets.empty(), clock);
    try (var time = runTime.begin(live)) {
      if (time.refusedBy() != null) {
        end(execution, outOf(execution, time.refusedBy(), "time"));
        return;
      }
      var run = live.claimedRun();
      var settings = run.settings();
      if (!openRun.open(execution, steps.isEmpty())) {
        end(execution, Run.End.CANCELLED);
        return;
      }
      execution.equip(
          live.interruptibly(
              () ->
                  toolsets.create(
                      run.projectId(),
                      settings.model(),
                      settings.tools(),
                      settings.allowedDomains())));
      if (!steps.isEmpty() && settings.turns().isLimited()) {
        execution.restoreCounts(jdbc.whenAvailable(() -> toolCalls.countTurns(run)));
      }
      loop(execution);
    } catch (InterruptedException e) {
      stopped(execution);
    }
  }

  private void loop(RunExecution execution) {
    if (execution.live().openStep() != null && resume(execution) == Outcome.DONE) {
      return;
    }
    var permit = promptPermits.of(execution.live());
    while (takeTurn(execution, permit) == Outcome.CONTINUE) {}
  }

  /** Continues tool calls that were open when the previous owner stopped executing the run. */
  private Outcome resume(RunExecution execution) {
    try {
      return after(execution, executeTools.resume(execution));
    } catch (ToolUnavailableException e) {
      return end(execution, Run.End.failed(RunError.server(e.getMessage())));
    } catch (InterruptedException e) {
      return stopped(execution);
    }
  }

  private Outcome takeTurn(RunExecution execution, PromptPermits.Permit permit) {
    var accumulator =
        new AnswerAccumulator(execution, commitProgress, citations.of(execution.run()));
    try (permit) {
      if (execution.isAtMaxTurns()) {
        return end(execution, Run.End.incomplete(RunExecution.MAX_TURNS));
      }
      if (execution.turns() >= config.maxTurns()) {
        return end(execution, tooManyTurns());
      }
      var result = callModel(execution, permit, accumulator);
      permit.close();
      return switch (result) {
        case ModelCallResult.TokensUsedUp(var reason) -> end(execution, Run.End.incomplete(reason));
        case ModelCallResult.Answered(var response) ->
            applyAnswer(execution, accumulator, response);
        case ModelCallResult.Rejected(var reason) -> {
          accumulator.filtered();
          yield end(
              execution,
              accumulator,
              accumulator.usageSoFar(),
              Run.End.failed(RunError.rejected(reason)));
        }
      };
    } catch (ModelException e) {
      if (execution.live().stopReason() != null) {
        // The model call failed because it was stopped.
        return stopped(execution, accumulator, accumulator.usageSoFar());
      }
      if (e instanceof LimitReachedException limit && limit.budget().isPresent()) {
        return end(execution, outOf(limit.budget().get()));
      }
      LOG.infof("model failed run_id=%s kind=%s", execution.run().id(), e.kind());
      return end(execution, accumulator, accumulator.usageSoFar(), Run.End.failed(RunError.of(e)));
    } catch (InterruptedException e) {
      // The usage was committed together with the open step.
      boolean isCounted = execution.live().openStep() != null;
      return stopped(execution, accumulator, isCounted ? Usage.NONE : accumulator.usageSoFar());
    } catch (ToolUnavailableException e) {
      return end(execution, Run.End.failed(RunError.server(e.getMessage())));
    } catch (AnswerAccumulator.RunLostException e) {
      return Outcome.DONE;
    }
  }

  /** The result of a model call. */
  private sealed interface ModelCallResult {
    record Answered(ModelResponse response) implements ModelCallResult {}

    record TokensUsedUp(String reason) implements ModelCallResult {}

    /** A content filter rejected the response. */
    record Rejected(String reason) implements ModelCallResult {}
  }

  /**
   * Calls the model. The prompt is not referenced any more afterwards, so its permit may be
   * released.
   */
  private ModelCallResult callModel(
      RunExecution execution, PromptPermits.Permit permit, AnswerAccumulator accumulator)
      throws InterruptedException {
    for (int cuts = 0; ; cuts++) {
      try {
        return switch (buildContext.of(execution, permit)) {
          case BuildContext.TokensUsedUp(var reason) -> new ModelCallResult.TokensUsedUp(reason);
          case BuildContext.Prompt prompt ->
              new ModelCallResult.Answered(callModel.call(execution, prompt, accumulator));
        };
      } catch (ContentRejectedException e) {
        LOG.infof("answer rejected by a content filter run_id=%s", execution.run().id());
        return new ModelCallResult.Rejected(e.getMessage());
      } catch (ContextWindowException e) {
        // The window of the model is known now, and the next prompt is cut to it.
        settleAndCommit(execution, Usage.NONE);
        if (cuts == MAX_CUTS || !mayCut(execution.run())) {
          throw e;
        }
        LOG.infof("prompt too long, cut to the window run_id=%s", execution.run().id());
      }
    }
  }

  /** Settles the call with the events so far, without a commit of the run. */
  private void settleAndCommit(RunExecution execution, Usage usage) {
    ledger.settleAndCommit(
        execution.reservation(), usage, List.copyOf(execution.uncommittedActivities()));
    execution.markActivitiesCommitted();
  }

  private static boolean mayCut(Run run) {
    return run.settings().truncationStrategy().equals(TruncationStrategy.AUTO);
  }

  private Outcome applyAnswer(
      RunExecution execution, AnswerAccumulator accumulator, ModelResponse response)
      throws InterruptedException {
    return switch (response.finishReason()) {
      case LENGTH -> {
        accumulator.truncated();
        yield end(
            execution, accumulator, response.usage(), Run.End.incomplete("max_completion_tokens"));
      }
      case CONTENT_FILTER -> {
        accumulator.filtered();
        yield end(
            execution, accumulator, response.usage(), Run.End.failed(RunError.contentFilter()));
      }
      case STOP, TOOL_CALLS -> {
        if (accumulator.hasCalls()) {
          yield actOnCalls(execution, accumulator, response.usage());
        }
        accumulator.finishAsMessage();
        yield end(execution, accumulator, response.usage(), Run.End.COMPLETED);
      }
    };
  }

  private Outcome actOnCalls(RunExecution execution, AnswerAccumulator accumulator, Usage usage)
      throws InterruptedException {
    var step = accumulator.callStep();
    if (!execution.allowsToolCalls(step.calls().size())) {
      return end(execution, accumulator, usage, Run.End.incomplete(RunExecution.MAX_TOOL_CALLS));
    }
    var refusedBy = work.takeToolCalls(execution.run().payer(), step.calls().size());
    if (refusedBy.isPresent()) {
      return end(execution, accumulator, usage, outOf(execution, refusedBy.get(), "tool calls"));
    }
    execution.countTurn(step.calls());
    return switch (executeTools.execute(execution, step, usage)) {
      // As for LOST; the usage is counted already.
      case NOT_COMMITTED -> end(execution, accumulator, Usage.NONE, Run.End.CANCELLED);
      case TOO_MANY_REFUSED -> end(execution, accumulator, usage, Run.End.failed(tooManyRefused()));
      case DONE -> after(execution, ExecuteTools.Outcome.DONE);
      case PAUSED -> after(execution, ExecuteTools.Outcome.PAUSED);
      case LOST -> after(execution, ExecuteTools.Outcome.LOST);
    };
  }

  private Outcome after(RunExecution execution, ExecuteTools.Outcome outcome) {
    return switch (outcome) {
      case DONE -> Outcome.CONTINUE;
      case PAUSED -> Outcome.DONE;
      // Cancelled, or owned by another attempt: the commit of the end finds out which.
      case LOST, NOT_COMMITTED, TOO_MANY_REFUSED -> end(execution, Run.End.CANCELLED);
    };
  }

  private static RunError tooManyRefused() {
    return RunError.server(
        "The model repeatedly called tools that do not exist, or with invalid arguments.");
  }

  private Outcome stopped(RunExecution execution) {
    return stopped(execution, null, Usage.NONE);
  }

  private Outcome stopped(RunExecution execution, AnswerAccumulator accumulator, Usage usage) {
    return switch (execution.live().stopReason()) {
      case CANCEL -> end(execution, accumulator, usage, Run.End.CANCELLED);
      case EXPIRE -> end(execution, accumulator, usage, execution.run().endOfTime());
      case TIME_USED ->
          end(
              execution,
              accumulator,
              usage,
              outOf(execution, execution.live().timeBudget(), "time"));
      case HAND_OVER -> {
        // Nothing is committed: the takeover would count the whole reservation as used.
        settleAndCommit(execution, usage);
        yield Outcome.DONE;
      }
      case LOST -> Outcome.DONE;
      case null -> throw new IllegalStateException("interrupted without a stop reason");
    };
  }

  /** Ends a run without an answer that is to be stored. */
  private Outcome end(RunExecution execution, Run.End end) {
    return end(execution, null, Usage.NONE, end);
  }

  private Outcome end(
      RunExecution execution, AnswerAccumulator accumulator, Usage usage, Run.End end) {
    if (endExecutedRun.commitEnd(execution, accumulator, usage, end)) {
      LOG.debugf("run ended run_id=%s status=%s", execution.run().id(), end.status());
    } else {
      LOG.infof("run lost run_id=%s attempt=%s", execution.run().id(), execution.run().attempt());
    }
    return Outcome.DONE;
  }

  /** As {@link #outOf(String)}, of which nothing is recorded yet. */
  private Run.End outOf(RunExecution execution, String budget, String of) {
    execution.record(
        execution
            .run()
            .activity(Activity.LIMIT_REFUSED, clock.instant())
            .status("refused")
            .detail("limit", "budget")
            .detail("message", "The %s's budget of %s is used up.".formatted(budget, of))
            .build());
    return outOf(budget);
  }

  /** A budget is used up, that of a {@code project} or another scope. */
  private static Run.End outOf(String budget) {
    return Run.End.incomplete(budget + "_budget");
  }

  private Run.End tooManyTurns() {
    return Run.End.failed(
        RunError.server(
            "The run called the model %d times without ending.".formatted(config.maxTurns())));
  }
}
