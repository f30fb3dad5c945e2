package dev.threadmill.models.embeddings;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.http.ProviderTransport;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The embedding model of this server, as THREADMILL_EMBEDDINGS names it. */
@ApplicationScoped
public class Embeddings implements EmbeddingModel {
  private static final String LOCAL = "local";
  private static final int CACHE_BYTES = 4 * 1024 * 1024;
  private static final int BYTES_PER_ENTRY = 120;
  private static final Duration CACHE_TTL = Duration.ofMinutes(10);

  private final EmbeddingModel model;

  /** The vectors of queries: a run repeats its query in each of its turns. */
  private final Cache<String, float[]> queryVectors;

  @Inject
  Embeddings(EmbeddingsConfig config, ModelsConfig models, ProviderTransport transport) {
    this(chosen(config.model().strip(), config, models, transport), CACHE_BYTES);
  }

  private Embeddings(EmbeddingModel model, int cacheBytes) {
    this.model = model;
    this.queryVectors =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .weigher(
                (String query, float[] vector) ->
                    BYTES_PER_ENTRY
                        + Character.BYTES * query.length()
                        + Float.BYTES * vector.length)
            .expireAfterWrite(CACHE_TTL)
            .build();
  }

  /** The built-in model without a cache, for benchmarks outside of the server. */
  public static Embeddings local() {
    return new Embeddings(new LocalEmbeddings(LocalEmbeddings.Weights.MINILM), 0);
  }

  /**
   * A built-in model without a cache, for benchmarks outside of the server.
   *
   * @param name without {@code local/}
   */
  public static Embeddings local(String name) {
    var weights =
        Arrays.stream(LocalEmbeddings.Weights.values())
            .filter(each -> each.modelName.equals(name))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(name));
    return new Embeddings(new LocalEmbeddings(weights), 0);
  }

  /**
   * Another model than that of the server, with a cache of its own.
   *
   * @param name as THREADMILL_EMBEDDINGS has it
   */
  public static Embeddings named(
      String name, EmbeddingsConfig config, ModelsConfig models, ProviderTransport transport) {
    return new Embeddings(chosen(name.strip(), config, models, transport), CACHE_BYTES);
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
    var cached = queryVectors.getIfPresent(query);
    if (cached != null) {
      return cached;
    }
    var vector = model.embedQuery(query);
    queryVectors.put(query, vector);
    return vector;
  }

  @Override
  public void warmUp() {
    model.warmUp();
  }

  @Override
  @PreDestroy
  public void close() {
    model.close();
  }

  private static EmbeddingModel chosen(
      String name, EmbeddingsConfig config, ModelsConfig models, ProviderTransport transport) {
    if (name.equals(LOCAL)) {
      return new LocalEmbeddings(LocalEmbeddings.Weights.MINILM);
    }
    for (var weights : LocalEmbeddings.Weights.values()) {
      if (name.equals(LOCAL + "/" + weights.modelName)) {
        return new LocalEmbeddings(weights);
      }
    }
    requireKnown(name);
    return new ProviderEmbeddings(name, models, config, transport);
  }

  /**
   * Checks a value of THREADMILL_EMBEDDINGS.
   *
   * @throws InvalidSettingException if it names no model
   */
  public static void requireKnown(String model) {
    requireKnown("THREADMILL_EMBEDDINGS", model);
  }

  /** As {@link #requireKnown(String)}, for another setting with the same values. */
  public static void requireKnown(String setting, String model) {
    var name = model.strip();
    boolean isLocal =
        name.equals(LOCAL)
            || Stream.of(LocalEmbeddings.Weights.values())
                .anyMatch(weights -> name.equals(LOCAL + "/" + weights.modelName));
    if (!isLocal && (name.startsWith(LOCAL + "/") || !name.matches("[A-Za-z0-9._:/@-]{1,100}"))) {
      throw new InvalidSettingException(
          setting,
          name.length() > 100 ? name.substring(0, 100) : name,
          "is neither local, local/all-minilm-l6-v2, local/bge-small-en-v1.5 nor the name of a"
              + " provider's model");
    }
  }
}
