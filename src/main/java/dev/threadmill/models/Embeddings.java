package dev.threadmill.models;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;

/** The embedding model of this server, as THREADMILL_EMBEDDINGS names it. */
@ApplicationScoped
public class Embeddings implements EmbeddingModel {
  private static final String LOCAL = "local";

  private final EmbeddingModel model;

  @Inject
  Embeddings(EmbeddingsConfig config, ModelsConfig models) {
    this.model = chosen(config.model().strip(), config, models);
  }

  private Embeddings(EmbeddingModel model) {
    this.model = model;
  }

  /** The model that comes along, for measurements outside of the server. */
  public static Embeddings local() {
    return new Embeddings(new LocalEmbeddings(LocalEmbeddings.Weights.MINILM));
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public int dimensions() {
    return model.dimensions();
  }

  @Override
  public List<float[]> embed(List<String> texts) throws InterruptedException {
    return model.embed(texts);
  }

  @Override
  public List<float[]> embedNow(List<String> texts) throws InterruptedException {
    return model.embedNow(texts);
  }

  @Override
  public float[] embedQuery(String query) throws InterruptedException {
    return model.embedQuery(query);
  }

  @Override
  public void prepare() {
    model.prepare();
  }

  @Override
  @PreDestroy
  public void close() {
    model.close();
  }

  private static EmbeddingModel chosen(String name, EmbeddingsConfig config, ModelsConfig models) {
    if (name.equals(LOCAL)) {
      return new LocalEmbeddings(LocalEmbeddings.Weights.MINILM);
    }
    for (var weights : LocalEmbeddings.Weights.values()) {
      if (name.equals(LOCAL + "/" + weights.modelName)) {
        return new LocalEmbeddings(weights);
      }
    }
    if (name.startsWith(LOCAL + "/") || !name.matches("[A-Za-z0-9._:/@-]{1,100}")) {
      throw new IllegalArgumentException(
          "THREADMILL_EMBEDDINGS: '%s' is neither local, local/all-minilm-l6-v2,"
                  .formatted(name.length() > 100 ? name.substring(0, 100) : name)
              + " local/bge-small-en-v1.5 nor the name of a provider's model");
    }
    return new ProviderEmbeddings(name, models, config);
  }
}
