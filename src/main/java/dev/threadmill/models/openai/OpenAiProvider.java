package dev.threadmill.models.openai;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.Provider;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.http.ModelNames;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;

/** Any server with the API of OpenAI's {@code /chat/completions}. */
@ApplicationScoped
public class OpenAiProvider implements Provider {
  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final LearnedFacts learned;
  private final InstantSource clock;

  public OpenAiProvider(
      ProviderTransport transport, ModelsConfig config, LearnedFacts learned, InstantSource clock) {
    this.transport = transport;
    this.config = config;
    this.learned = learned;
    this.clock = clock;
  }

  @Override
  public String type() {
    return "openai";
  }

  @Override
  public LanguageModel model(ModelInfo info, String nameAtProvider, ProviderConfig provider) {
    return new OpenAiModel(
        transport,
        config,
        learned,
        info,
        nameAtProvider,
        provider,
        new ProviderErrors(provider, clock));
  }

  @Override
  public List<String> modelNames(ProviderConfig provider) throws IOException, InterruptedException {
    return ModelNames.of(transport, provider);
  }
}
