package dev.threadmill.vectorstores;

import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.embeddings.EmbeddingModel;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.models.embeddings.EmbeddingsConfig;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.projects.DataRecipient;
import dev.threadmill.projects.Regions;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.Optional;

/**
 * The embedding model of files. By default it is another one than that of the memory: a model for
 * passages, where that of the memory is one for sentences. With THREADMILL_EMBEDDINGS set to a
 * model of a provider both use it.
 */
@ApplicationScoped
public class StoreEmbeddings implements DataRecipient {
  private static final String SAME = "same";
  private static final String LOCAL = "local";

  private final EmbeddingModel model;
  private final boolean isOwn;
  private final Optional<Recipient> recipient;

  StoreEmbeddings(
      VectorStoresConfig settings,
      Embeddings ofServer,
      EmbeddingsConfig config,
      ModelsConfig models,
      ProviderTransport transport,
      InstantSource clock) {
    var name = settings.embeddings().strip();
    boolean isProvidersModel = !config.model().strip().startsWith(LOCAL);
    boolean isSame =
        name.equals(SAME)
            || name.equals(config.model().strip())
            || name.startsWith(LOCAL) && isProvidersModel;
    this.isOwn = !isSame;
    var effective = isSame ? config.model() : name;
    this.recipient =
        Embeddings.isLocal(effective)
            ? Optional.empty()
            : Optional.of(
                new Recipient(
                    "The embedding model '%s'".formatted(effective.strip()),
                    config.region().flatMap(Regions::parse).orElse(null)));
    this.model = isSame ? ofServer : ofServer.other(name, config, models, transport, clock);
  }

  /**
   * Checks a value of THREADMILL_VECTOR_STORES_EMBEDDINGS.
   *
   * @throws dev.threadmill.api.InvalidSettingException if it names no model
   */
  public static void requireKnown(String model) {
    if (!model.strip().equals(SAME)) {
      Embeddings.requireKnown("THREADMILL_VECTOR_STORES_EMBEDDINGS", model);
    }
  }

  @Override
  public Optional<Recipient> recipient() {
    return recipient;
  }

  /** The model. */
  public EmbeddingModel model() {
    return model;
  }

  /** The name of the model. */
  public String name() {
    return model.name();
  }

  @PreDestroy
  void close() {
    if (isOwn) {
      model.close();
    }
  }
}
