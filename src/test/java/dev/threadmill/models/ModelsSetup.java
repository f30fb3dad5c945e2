package dev.threadmill.models;

import dev.threadmill.egress.ProxyRules;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.langchain.LangChainSetup;
import dev.threadmill.models.openai.OpenAiProvider;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.models.rehearsal.RehearsalProvider;
import dev.threadmill.telemetry.GenAiMetrics;
import dev.threadmill.telemetry.tracing.Tracing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The models as the server puts them together, without the server. */
public final class ModelsSetup implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final LearnedFacts learned = new LearnedFacts();
  private final ModelsConfig config;
  private final ModelRegistry models;

  /**
   * @param settings below {@code threadmill.models}
   */
  public ModelsSetup(Map<String, String> settings) {
    config = config(settings);
    models =
        new ModelRegistry(
            providers(new ProviderTransport(vertx, config, ProxyRules.NONE)),
            config,
            learned,
            new ObserveModelCalls(
                new GenAiMetrics(new SimpleMeterRegistry()), Tracing.OFF, List.of()),
            InstantSource.system());
  }

  private List<Provider> providers(ProviderTransport transport) {
    var providers = new ArrayList<Provider>();
    providers.add(new RehearsalProvider());
    providers.add(new OpenAiProvider(transport, config, learned, InstantSource.system()));
    providers.addAll(LangChainSetup.providers(transport, config, learned));
    return providers;
  }

  public static ModelsConfig config(Map<String, String> settings) {
    var builder =
        new SmallRyeConfigBuilder()
            .withMapping(ModelsConfig.class)
            .withConverter(Duration.class, 200, new DurationConverter());
    settings.forEach((name, value) -> builder.withDefaultValue("threadmill.models." + name, value));
    builder.withSources(new PropertiesConfigSource(Map.of(), "none", 1));
    return builder.build().getConfigMapping(ModelsConfig.class);
  }

  public ModelsConfig config() {
    return config;
  }

  public ModelRegistry models() {
    return models;
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
