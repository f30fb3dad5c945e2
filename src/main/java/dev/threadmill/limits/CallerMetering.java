package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.RegionMismatchException;
import dev.threadmill.models.Usage;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Residency;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.function.IntSupplier;

/** Counts model calls of the current request against the limits of its caller. */
@ApplicationScoped
class CallerMetering implements Metering {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final AdmitRequest admitRequest;
  private final BudgetLedger ledger;
  private final Residency residency;

  CallerMetering(AdmitRequest admitRequest, BudgetLedger ledger, Residency residency) {
    this.residency = residency;
    this.admitRequest = admitRequest;
    this.ledger = ledger;
  }

  @Override
  public LanguageModel metered(LanguageModel model) {
    var payer = admitted(model.info());
    return ledger.metered(payer, model, TIMEOUT);
  }

  @Override
  public void admit(ModelInfo model) {
    admitted(model);
  }

  @Override
  public ReservedPrompt reserve(ModelInfo model, IntSupplier promptTokens)
      throws InterruptedException {
    var payer = admitted(model);
    var reservation =
        ledger.reserve(
            payer, null, model, () -> CallEstimate.of(model, promptTokens.getAsInt()), TIMEOUT);
    return used -> ledger.settleAndCommit(reservation, new Usage(used, 0));
  }

  private Payer admitted(ModelInfo model) {
    var payer = Payer.of(Caller.current());
    try {
      residency.requireModel(payer.project(), model);
    } catch (RegionMismatchException e) {
      throw ModelErrors.of(e, model.name(), "model");
    }
    admitRequest.admit(payer);
    return payer;
  }
}
