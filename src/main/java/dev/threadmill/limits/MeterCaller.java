package dev.threadmill.limits;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.projects.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** Has the caller's project pay for the models that are called for the request in hand. */
@ApplicationScoped
class MeterCaller implements Metering {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final AdmitRequest admitRequest;
  private final Spending spending;

  MeterCaller(AdmitRequest admitRequest, Spending spending) {
    this.admitRequest = admitRequest;
    this.spending = spending;
  }

  @Override
  public LanguageModel metered(LanguageModel model) {
    var project = Caller.current().project();
    admitRequest.admit(project);
    return spending.of(project, model, PATIENCE);
  }
}
