package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.RegionMismatchException;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.ClientUser;
import dev.threadmill.projects.Residency;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.function.IntSupplier;

/** Counts model calls of the current request against the limits of its caller. */
@ApplicationScoped
class CallerMetering implements Metering {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Searches go on without a model, and background work is tried again. */
  private static final Duration BACKGROUND_TIMEOUT = Duration.ofSeconds(2);

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
        source(admitted(model.info(), user), ModelOperation.CHAT, user), model, TIMEOUT);
  }

  @Override
  public ReservedPrompt reserve(
      ModelInfo model, ModelOperation operation, String user, IntSupplier promptTokens)
      throws InterruptedException {
    var source = source(admitted(model, user), operation, user);
    return ledger.reservePrompt(source, model, promptTokens, TIMEOUT);
  }

  @Override
  public ReservedPrompt reserveFor(
      ProjectId project, ModelInfo model, ModelOperation operation, IntSupplier promptTokens)
      throws InterruptedException {
    return ledger.reservePrompt(
        CallSource.of(Payer.of(project), operation), model, promptTokens, BACKGROUND_TIMEOUT);
  }

  private static CallSource source(Payer payer, ModelOperation operation, String user) {
    return new CallSource(payer, Caller.causeOfRequest(), operation, null, null, user);
  }

  private Payer admitted(ModelInfo model, String user) {
    var payer = Payer.of(Caller.current()).of(Caller.clientUser().map(ClientUser::id).orElse(user));
    try {
      residency.requireModel(payer.project(), model);
    } catch (RegionMismatchException e) {
      throw ModelErrors.of(e, model.name(), "model");
    }
    admitRequest.admit(payer);
    return payer;
  }
}
