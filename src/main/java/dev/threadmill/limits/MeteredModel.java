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

/** A model whose calls are reserved and counted, outside of runs. */
record MeteredModel(BudgetLedger ledger, Payer payer, LanguageModel model, Duration timeout)
    implements LanguageModel {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var reservation = ledger.reserve(payer, null, model.info(), request, timeout);
    var counter = new UsageMeter(request, deltas);
    var used = Usage.NONE;
    try {
      var answer = model.answer(reservation.applyTo(request), counter);
      used = answer.usage();
      return answer;
    } catch (ModelException e) {
      used = counter.isRefused(e) ? Usage.NONE : counter.usage();
      throw e;
    } catch (InterruptedException | RuntimeException e) {
      used = counter.usage();
      throw e;
    } finally {
      ledger.settleAndCommit(reservation, used);
    }
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
