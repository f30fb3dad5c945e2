package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.Usage;
import java.time.Duration;
import java.util.function.Consumer;

/** A model whose calls are reserved, counted and recorded, outside of runs. */
record MeteredModel(BudgetLedger ledger, CallSource source, LanguageModel model, Duration timeout)
    implements LanguageModel {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var reservation = ledger.reserve(source.payer(), null, model.info(), request, timeout);
    long started = System.nanoTime();
    var counter = new UsageMeter(request, deltas);
    var used = Usage.NONE;
    var status = "failed";
    try {
      var answer = model.answer(reservation.applyTo(request), counter).at(model.info().price());
      used = answer.usage();
      status = "completed";
      return answer;
    } catch (ModelException e) {
      used = counter.isRefused(e) ? Usage.NONE : counter.usage();
      throw e;
    } catch (InterruptedException e) {
      status = "cancelled";
      used = counter.usage();
      throw e;
    } catch (RuntimeException e) {
      used = counter.usage();
      throw e;
    } finally {
      settle(reservation, used.at(model.info().price()), status, started);
    }
  }

  private void settle(Reservation reservation, Usage used, String status, long started) {
    var took = Duration.ofNanos(System.nanoTime() - started);
    ledger.settleAndCommit(
        reservation,
        used,
        usage -> source.activity(model.info().name(), status, took, usage, ledger.now()));
  }

  /** Counts the tokens of an answer as it is streamed, for answers that are cut short. */
  private static final class UsageMeter implements Consumer<ModelDelta> {
    private final ModelRequest request;
    private final Consumer<ModelDelta> deltas;
    private int tokens;

    UsageMeter(ModelRequest request, Consumer<ModelDelta> deltas) {
      this.request = request;
      this.deltas = deltas;
    }

    @Override
    public void accept(ModelDelta delta) {
      tokens += count(delta);
      deltas.accept(delta);
    }

    private static int count(ModelDelta delta) {
      return switch (delta) {
        case ModelDelta.Text(var text) -> TokenCounter.count(text);
        case ModelDelta.Refusal(var text) -> TokenCounter.count(text);
        case ModelDelta.Reasoning(var text) -> TokenCounter.count(text);
        case ModelDelta.ToolCallStarted(_, var name) -> TokenCounter.count(name);
        case ModelDelta.ToolCallArguments(_, var arguments) -> TokenCounter.count(arguments);
        case ModelDelta.Speech piece -> TokenCounter.count(piece.transcript());
        case ModelDelta.Citation _ -> 0;
        case ModelDelta.Batch(var pieces) -> pieces.stream().mapToInt(UsageMeter::count).sum();
      };
    }

    Usage usage() {
      return new Usage(TokenCounter.count(request), tokens);
    }

    /** Whether the provider refused the call without doing anything for it. */
    boolean isRefused(ModelException e) {
      return tokens == 0
          && switch (e.kind()) {
            case RATE_LIMITED, INVALID_PROMPT, UNKNOWN_MODEL -> true;
            case PROVIDER_FAILED -> false;
          };
    }
  }
}
