package dev.threadmill.runs;

import dev.threadmill.db.Jdbc;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.context.BuildContext;
import dev.threadmill.runs.context.PromptPermits;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * The life of a run that this node has claimed, as straight-line code on a virtual thread: build
 * the context, call the model, hand over tool calls, again, until the model is done.
 */
@ApplicationScoped
class ExecuteRun {
  private static final Logger LOG = Logger.getLogger(ExecuteRun.class);

  private final BuildContext buildContext;
  private final PromptPermits promptRoom;
  private final CallModel callModel;
  private final FinishRun finishRun;
  private final StepStore stepStore;
  private final Jdbc jdbc;
  private final ExecuteTools executeTools;
  private final ToolsetFactory toolboxes;
  private final BudgetLedger spending;
  private final RunsConfig config;
  private final InstantSource clock;

  ExecuteRun(
      BuildContext buildContext,
      PromptPermits promptRoom,
      CallModel callModel,
      FinishRun finishRun,
      StepStore stepStore,
      Jdbc jdbc,
      ExecuteTools executeTools,
      ToolsetFactory toolboxes,
      BudgetLedger spending,
      RunsConfig config,
      InstantSource clock) {
    this.buildContext = buildContext;
    this.promptRoom = promptRoom;
    this.callModel = callModel;
    this.finishRun = finishRun;
    this.stepStore = stepStore;
    this.jdbc = jdbc;
    this.executeTools = executeTools;
    this.toolboxes = toolboxes;
    this.spending = spending;
    this.config = config;
    this.clock = clock;
  }

  /** How a turn of the loop leaves the run. */
  private sealed interface Outcome {
    /** The loop goes on. */
    record GoOn() implements Outcome {}

    /** The run is over, or waits, or belongs to somebody else: this node has done with it. */
    record Done() implements Outcome {}
  }

  /**
   * Executes the run until it ends, waits for its client, or is taken away.
   *
   * @param steps what it has done before
   */
  void execute(LiveRun live, List<Step> steps) {
    if (!steps.isEmpty() && steps.getLast().status() == Step.Status.IN_PROGRESS) {
      live.setOpenStep(steps.getLast());
    }
    var bare = RunExecution.of(live, steps, toolboxes.empty(), clock);
    try {
      var run = live.run();
      var settings = run.settings();
      var toolbox =
          live.interruptibly(
              () -> toolboxes.create(run.projectId(), settings.tools(), settings.domains()));
      var progress = RunExecution.of(live, steps, toolbox, clock);
      if (!steps.isEmpty() && settings.turns().isLimited()) {
        progress.restoreCounts(jdbc.whenAvailable(() -> stepStore.spent(run)));
      }
      loop(progress);
    } catch (InterruptedException e) {
      stopped(bare, null, Usage.NONE);
    }
  }

  private void loop(RunExecution progress) {
    if (progress.live().openStep() != null && resume(progress) instanceof Outcome.Done) {
      return;
    }
    var place = promptRoom.of(progress.live());
    while (takeTurn(progress, place) instanceof Outcome.GoOn) {}
  }

  /** Goes on with tool calls that were under way, or not allowed yet, when the run was left. */
  private Outcome resume(RunExecution progress) {
    try {
      return after(progress, executeTools.resume(progress));
    } catch (InterruptedException e) {
      return stopped(progress, null, Usage.NONE);
    }
  }

  private Outcome takeTurn(RunExecution progress, PromptPermits.Permit place) {
    var turn = new AnswerAccumulator(progress, finishRun.stepByStep());
    try (place) {
      if (progress.isAtMaxTurns()) {
        return end(progress, null, Usage.NONE, Run.End.incomplete(RunExecution.MAX_TURNS));
      }
      if (progress.turns() >= config.maxTurns()) {
        return end(progress, null, Usage.NONE, tooManyTurns());
      }
      var asked = ask(progress, place, turn);
      place.close();
      return switch (asked) {
        case Asked.TokensUsedUp(var reason) ->
            end(progress, null, Usage.NONE, Run.End.incomplete(reason));
        case Asked.Answered(var answer) -> act(progress, turn, answer);
      };
    } catch (ModelException e) {
      if (progress.live().stopReason() != null) {
        // Stopped at the very moment: how the model took that does not count.
        return stopped(progress, turn, turn.usageSoFar());
      }
      LOG.infof("model failed run_id=%s kind=%s", progress.run().id(), e.kind());
      return end(progress, turn, turn.usageSoFar(), Run.End.failed(RunError.of(e)));
    } catch (InterruptedException e) {
      // With a stored step goes what its answer has cost.
      boolean isCounted = progress.live().openStep() != null;
      return stopped(progress, turn, isCounted ? Usage.NONE : turn.usageSoFar());
    } catch (AnswerAccumulator.RunLostException e) {
      return new Outcome.Done();
    }
  }

  /** What comes of asking the model. */
  private sealed interface Asked {
    record Answered(ModelResponse answer) implements Asked {}

    record TokensUsedUp(String reason) implements Asked {}
  }

  /**
   * Asks the model. Behind this nobody has the prompt any more, and its place may be given back.
   */
  private Asked ask(RunExecution progress, PromptPermits.Permit place, AnswerAccumulator turn)
      throws InterruptedException {
    return switch (buildContext.of(progress, place)) {
      case BuildContext.TokensUsedUp(var reason) -> new Asked.TokensUsedUp(reason);
      case BuildContext.Prompt prompt -> new Asked.Answered(callModel.call(progress, prompt, turn));
    };
  }

  private Outcome act(RunExecution progress, AnswerAccumulator turn, ModelResponse answer)
      throws InterruptedException {
    return switch (answer.finishReason()) {
      case LENGTH -> {
        turn.truncated();
        yield end(progress, turn, answer.usage(), Run.End.incomplete("max_completion_tokens"));
      }
      case CONTENT_FILTER ->
          end(
              progress,
              turn,
              answer.usage(),
              Run.End.failed(RunError.server("The provider's content filter cut the answer.")));
      case STOP, TOOL_CALLS -> {
        if (turn.hasCalls()) {
          yield actOnCalls(progress, turn, answer.usage());
        }
        turn.finishAsMessage();
        yield end(progress, turn, answer.usage(), Run.End.COMPLETED);
      }
    };
  }

  private Outcome actOnCalls(RunExecution progress, AnswerAccumulator turn, Usage usage)
      throws InterruptedException {
    var step = turn.callStep();
    if (!progress.allowsToolCalls(step.calls().size())) {
      return end(progress, turn, usage, Run.End.incomplete(RunExecution.MAX_TOOL_CALLS));
    }
    progress.countTurn(step.calls().size());
    return switch (executeTools.execute(progress, step, usage)) {
      // As below; what the call cost is counted already.
      case NOT_STORED -> end(progress, turn, Usage.NONE, Run.End.CANCELLED);
      case TOO_MANY_REFUSED -> end(progress, turn, usage, Run.End.failed(tooManyRefused()));
      case DONE -> after(progress, ExecuteTools.Outcome.DONE);
      case PAUSED -> after(progress, ExecuteTools.Outcome.PAUSED);
      case LOST -> after(progress, ExecuteTools.Outcome.LOST);
    };
  }

  private Outcome after(RunExecution progress, ExecuteTools.Outcome outcome) {
    return switch (outcome) {
      case DONE -> new Outcome.GoOn();
      case PAUSED -> new Outcome.Done();
      // Cancelled from elsewhere at this very moment, or lost; the end's own fence tells which.
      case LOST, NOT_STORED, TOO_MANY_REFUSED -> end(progress, null, Usage.NONE, Run.End.CANCELLED);
    };
  }

  private static RunError tooManyRefused() {
    return RunError.server(
        "The model went on calling tools that do not exist, or with arguments that do not fit.");
  }

  private Outcome stopped(RunExecution progress, AnswerAccumulator turn, Usage usage) {
    return switch (progress.live().stopReason()) {
      case CANCEL -> end(progress, turn, usage, Run.End.CANCELLED);
      case EXPIRE -> end(progress, turn, usage, Run.End.EXPIRED);
      case HAND_OVER -> {
        // Nothing is stored: whoever takes the run over would count all that was set aside.
        spending.settleAndCommit(progress.reservation(), usage);
        yield new Outcome.Done();
      }
      case LOST -> new Outcome.Done();
      case null -> throw new IllegalStateException("interrupted by nobody");
    };
  }

  private Outcome end(RunExecution progress, AnswerAccumulator turn, Usage usage, Run.End end) {
    if (finishRun.end(progress, turn, usage, end)) {
      LOG.debugf("run ended run_id=%s status=%s", progress.run().id(), end.status());
    } else {
      LOG.infof("run lost run_id=%s attempt=%s", progress.run().id(), progress.run().attempt());
    }
    return new Outcome.Done();
  }

  private Run.End tooManyTurns() {
    return Run.End.failed(
        RunError.server(
            "The run called the model %d times without coming to an end."
                .formatted(config.maxTurns())));
  }
}
