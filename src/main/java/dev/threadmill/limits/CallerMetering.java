package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.RegionMismatchException;
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
  public LanguageModel metered(LanguageModel model, String user) {
    return ledger.metered(
        source(admitted(model.info()), ModelOperation.CHAT, user), model, TIMEOUT);
  }

  @Override
  public ReservedPrompt reserve(
      ModelInfo model, ModelOperation operation, String user, IntSupplier promptTokens)
      throws InterruptedException {
    var source = source(admitted(model), operation, user);
    return ledger.reservePrompt(source, model, promptTokens, TIMEOUT);
  }

  private static CallSource source(Payer payer, ModelOperation operation, String user) {
    return new CallSource(payer, Caller.causeOfRequest(), operation, null, null, user);
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
