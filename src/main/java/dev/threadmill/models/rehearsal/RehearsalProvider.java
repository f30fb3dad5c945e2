package dev.threadmill.models.rehearsal;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.Provider;
import dev.threadmill.models.ProviderConfig;
import jakarta.enterprise.context.ApplicationScoped;

/** The rehearsal model under names of the models file. */
@ApplicationScoped
public class RehearsalProvider implements Provider {
  @Override
  public String type() {
    return RehearsalModel.NAME;
  }

  @Override
  public LanguageModel model(ModelInfo info, String nameAtProvider, ProviderConfig settings) {
    return RehearsalModel.as(info);
  }
}
