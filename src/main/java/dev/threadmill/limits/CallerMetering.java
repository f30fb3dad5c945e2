package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.projects.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** Has the caller's project pay for the models that are called for the request in hand. */
@ApplicationScoped
class CallerMetering implements Metering {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final AdmitRequest admitRequest;
  private final BudgetLedger spending;

  CallerMetering(AdmitRequest admitRequest, BudgetLedger spending) {
    this.admitRequest = admitRequest;
    this.spending = spending;
  }

  @Override
  public LanguageModel metered(LanguageModel model) {
    var project = Caller.current().project();
    admitRequest.admit(project);
    return spending.metered(project, model, PATIENCE);
  }
}
