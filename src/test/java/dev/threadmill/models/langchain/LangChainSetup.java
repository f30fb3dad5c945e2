package dev.threadmill.models.langchain;

import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.Provider;
import dev.threadmill.models.http.ProviderTransport;
import java.time.InstantSource;
import java.util.List;

/** The providers of this package, without the server. */
public final class LangChainSetup {
  private LangChainSetup() {}

  public static List<Provider> providers(
      ProviderTransport transport, ModelsConfig config, LearnedFacts learned) {
    var clock = InstantSource.system();
    return List.of(
        new LangChainProviders.AnthropicProvider(transport, config, learned, clock),
        new LangChainProviders.GeminiProvider(transport, config, learned, clock),
        new LangChainProviders.OllamaProvider(transport, config, learned, clock));
  }
}
