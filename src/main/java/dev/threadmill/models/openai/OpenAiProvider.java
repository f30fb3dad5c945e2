package dev.threadmill.models.openai;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.Provider;
import dev.threadmill.models.ProviderSettings;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/** Speaks to any server that understands OpenAI's {@code /chat/completions}. */
@ApplicationScoped
public class OpenAiProvider implements Provider {
  private static final int KEEP_ALIVE_SECONDS = 50;

  private final Vertx vertx;
  private final HttpClient client;
  private final ModelsConfig config;
  private final InstantSource clock;

  public OpenAiProvider(Vertx vertx, ModelsConfig config, InstantSource clock) {
    this.vertx = vertx;
    this.config = config;
    this.clock = clock;
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setMaxPoolSize(config.connections())
                .setMaxWaitQueueSize(config.connections())
                .setKeepAlive(true)
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setTcpNoDelay(true)
                .setConnectTimeout((int) config.connectTimeout().toMillis()));
  }

  @Override
  public String type() {
    return "openai";
  }

  @Override
  public LanguageModel model(ModelInfo info, String nameAtProvider, ProviderSettings settings) {
    return new OpenAiModel(vertx, client, config, clock, info, nameAtProvider, settings);
  }

  @PreDestroy
  void close() {
    client.close();
  }
}
