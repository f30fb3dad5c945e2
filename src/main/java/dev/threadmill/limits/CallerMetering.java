package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.Usage;
import dev.threadmill.projects.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.function.IntSupplier;

/** Counts model calls of the current request against the limits of its caller. */
@ApplicationScoped
class CallerMetering implements Metering {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final AdmitRequest admitRequest;
  private final BudgetLedger ledger;

  CallerMetering(AdmitRequest admitRequest, BudgetLedger ledger) {
    this.admitRequest = admitRequest;
    this.ledger = ledger;
  }

  @Override
  public LanguageModel metered(LanguageModel model) {
    var payer = Payer.of(Caller.current());
    admitRequest.admit(payer);
    return ledger.metered(payer, model, TIMEOUT);
  }

  @Override
  public void admit() {
    admitRequest.admit(Payer.of(Caller.current()));
  }

  @Override
  public ReservedPrompt reserve(ModelInfo model, IntSupplier promptTokens)
      throws InterruptedException {
    var payer = Payer.of(Caller.current());
    admitRequest.admit(payer);
    var reservation =
        ledger.reserve(
            payer, null, model, () -> CallEstimate.of(model, promptTokens.getAsInt()), TIMEOUT);
    return used -> ledger.settleAndCommit(reservation, new Usage(used, 0));
  }
}
