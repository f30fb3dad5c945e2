package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.projects.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

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
}
