package dev.threadmill.runs;

import dev.threadmill.models.ModelAnswer;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.Usage;
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
  private final CallModel callModel;
  private final FinishRun finishRun;
  private final RunsConfig config;
  private final InstantSource clock;

  ExecuteRun(
      BuildContext buildContext,
      CallModel callModel,
      FinishRun finishRun,
      RunsConfig config,
      InstantSource clock) {
    this.buildContext = buildContext;
    this.callModel = callModel;
    this.finishRun = finishRun;
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
    var progress = Progress.of(live, steps, clock);
    while (takeTurn(progress) instanceof Outcome.GoOn) {
      progress.countTurn();
    }
  }

  private Outcome takeTurn(Progress progress) {
    var turn = new Turn(progress, finishRun::storeMessage);
    try {
      if (progress.turns() >= config.maxTurns()) {
        return end(progress, null, Usage.NONE, tooManyTurns());
      }
      return switch (buildContext.of(progress)) {
        case BuildContext.NoRoom _ ->
            end(progress, null, Usage.NONE, Run.End.incomplete("max_prompt_tokens"));
        case BuildContext.Prompt prompt -> {
          var answer = callModel.call(progress, prompt, turn);
          yield act(progress, turn, answer);
        }
      };
    } catch (ModelException e) {
      LOG.infof("model failed run_id=%s kind=%s", progress.run().id(), e.kind());
      return end(progress, turn, Usage.NONE, Run.End.failed(RunError.of(e)));
    } catch (InterruptedException e) {
      return stopped(progress, turn);
    } catch (Turn.RunLostException e) {
      return new Outcome.Done();
    }
  }

  private Outcome act(Progress progress, Turn turn, ModelAnswer answer) {
    return switch (answer.finish()) {
      case LENGTH ->
          end(progress, turn, answer.usage(), Run.End.incomplete("max_completion_tokens"));
      case CONTENT_FILTER ->
          end(
              progress,
              turn,
              answer.usage(),
              Run.End.failed(RunError.server("The provider's content filter cut the answer.")));
      case STOP, TOOL_CALLS -> {
        if (turn.callStep() != null) {
          yield pause(progress, turn, answer.usage());
        }
        turn.openMessage();
        yield end(progress, turn, answer.usage(), Run.End.COMPLETED);
      }
    };
  }

  private Outcome pause(Progress progress, Turn turn, Usage usage) {
    if (!finishRun.pause(progress, turn, usage)) {
      // Cancelled from elsewhere at this very moment, or lost; the end's own fence tells which.
      return end(progress, turn, Usage.NONE, Run.End.CANCELLED);
    }
    return new Outcome.Done();
  }

  private Outcome stopped(Progress progress, Turn turn) {
    return switch (progress.live().stopReason()) {
      case CANCEL -> end(progress, turn, Usage.NONE, Run.End.CANCELLED);
      case EXPIRE -> end(progress, turn, Usage.NONE, Run.End.EXPIRED);
      case LOST, HAND_OVER -> new Outcome.Done();
      case null -> throw new IllegalStateException("interrupted by nobody");
    };
  }

  private Outcome end(Progress progress, Turn turn, Usage usage, Run.End end) {
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
