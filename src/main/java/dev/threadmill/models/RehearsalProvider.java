package dev.threadmill.models;

import jakarta.enterprise.context.ApplicationScoped;

/** The rehearsal model under names of the models file. */
@ApplicationScoped
class RehearsalProvider implements Provider {
  @Override
  public String type() {
    return RehearsalModel.NAME;
  }

  @Override
  public LanguageModel model(ModelInfo info, String nameAtProvider, ProviderConfig settings) {
    return RehearsalModel.as(info);
  }
}
