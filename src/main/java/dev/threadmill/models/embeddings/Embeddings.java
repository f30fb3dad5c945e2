package dev.threadmill.models.embeddings;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.registry.ModelRegistry;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The embedding model of this server, as THREADMILL_EMBEDDINGS names it. */
@ApplicationScoped
public class Embeddings implements EmbeddingModel {
  private static final String LOCAL = "local";
  private static final int CACHE_BYTES = 4 * 1024 * 1024;
  private static final int BYTES_PER_ENTRY = 120;
  private static final Duration CACHE_TTL = Duration.ofMinutes(10);

  private final EmbeddingModel model;

  /** The built-in models that were needed so far. */
  private final Map<LocalEmbeddings.Weights, LocalEmbeddings> builtIn =
      new EnumMap<>(LocalEmbeddings.Weights.class);

  private final ModelCache modelCache;

  /** Null for benchmarks outside of the server, as are the two that follow. */
  private final ObserveEmbeddings observer;

  private final ModelRegistry registry;
  private final Metering metering;

  /** The vectors of queries: a run repeats its query in each of its turns. */
  private final Cache<String, float[]> queryVectors;

  @Inject
  Embeddings(
      EmbeddingsConfig config,
      ModelsConfig models,
      ProviderTransport transport,
      ObserveEmbeddings observer,
      ModelRegistry registry,
      Metering metering,
      InstantSource clock) {
    this(config.model().strip(), config, models, transport, observer, registry, metering, clock);
  }

  private Embeddings(
      String name,
      EmbeddingsConfig config,
      ModelsConfig models,
      ProviderTransport transport,
      ObserveEmbeddings observer,
      ModelRegistry registry,
      Metering metering,
      InstantSource clock) {
    requireKnown(name);
    this.registry = registry;
    this.metering = metering;
    this.observer = observer;
    this.modelCache = new ModelCache(config.cache());
    this.model =
        weights(name)
            .<EmbeddingModel>map(this::builtIn)
            .orElseGet(
                () ->
                    new ProviderEmbeddings(
                        name, models, config, transport, info(name, config), metering, clock));
    this.queryVectors = cache(CACHE_BYTES);
  }

  private Embeddings(LocalEmbeddings.Weights weights) {
    this.observer = null;
    this.registry = null;
    this.metering = null;
    this.modelCache = new ModelCache(null);
    this.model = builtIn(weights);
    this.queryVectors = cache(0);
  }

  /** What is known of a model of the default provider: its price, and where it is. */
  private ModelInfo info(String name, EmbeddingsConfig config) {
    var known =
        registry
            .configured(name)
            .orElseGet(() -> new ModelInfo(name, "openai", 1, 1, false, false, false, false));
    return config.region().map(known::in).orElse(known);
  }

  private static Cache<String, float[]> cache(int bytes) {
    return Caffeine.newBuilder()
        .maximumWeight(bytes)
        .weigher(
            (String query, float[] vector) ->
                BYTES_PER_ENTRY + Character.BYTES * query.length() + Float.BYTES * vector.length)
        .expireAfterWrite(CACHE_TTL)
        .build();
  }

  /** The built-in model without a cache, for benchmarks outside of the server. */
  public static Embeddings local() {
    return new Embeddings(LocalEmbeddings.Weights.MINILM);
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
    return new Embeddings(weights);
  }

  /**
   * Another model than this one, with a cache of its own.
   *
   * @param name as THREADMILL_EMBEDDINGS has it
   */
  public Embeddings other(
      String name,
      EmbeddingsConfig config,
      ModelsConfig models,
      ProviderTransport transport,
      InstantSource clock) {
    return new Embeddings(
        name.strip(), config, models, transport, observer, registry, metering, clock);
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
    return texts.isEmpty() ? List.of() : observed(() -> model.embed(texts));
  }

  @Override
  public List<float[]> embedNow(List<String> texts) throws InterruptedException {
    return texts.isEmpty() ? List.of() : observed(() -> model.embedNow(texts));
  }

  private <T> T observed(ObserveEmbeddings.Computation<T> computation) throws InterruptedException {
    if (observer == null) {
      return computation.run();
    }
    var provider = model instanceof LocalEmbeddings ? ModelInfo.IN_PROCESS : "openai";
    return observer.observed(provider, name(), computation, _ -> 0);
  }

  @Override
  public float[] embedQuery(String query) throws InterruptedException {
    var cached = queryVectors.getIfPresent(query);
    if (cached != null) {
      return cached;
    }
    var vector = observed(() -> model.embedQuery(query));
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
    List<LocalEmbeddings> others;
    synchronized (builtIn) {
      others = List.copyOf(builtIn.values());
    }
    others.stream().filter(other -> other != model).forEach(LocalEmbeddings::close);
  }

  /** A model within the process. */
  LocalEmbeddings builtIn(LocalEmbeddings.Weights weights) {
    synchronized (builtIn) {
      return builtIn.computeIfAbsent(weights, each -> new LocalEmbeddings(each, modelCache));
    }
  }

  /** The built-in model of this server: the one that it was set to use, or else the first. */
  LocalEmbeddings.Weights defaultBuiltIn() {
    return model instanceof LocalEmbeddings local
        ? local.weights()
        : LocalEmbeddings.Weights.MINILM;
  }

  /** The built-in model that a name means; empty for other names. */
  static Optional<LocalEmbeddings.Weights> weights(String name) {
    return name.equals(LOCAL)
        ? Optional.of(LocalEmbeddings.Weights.MINILM)
        : Stream.of(LocalEmbeddings.Weights.values())
            .filter(weights -> name.equals(LOCAL + "/" + weights.modelName))
            .findFirst();
  }

  /**
   * Checks a value of THREADMILL_EMBEDDINGS.
   *
   * @throws InvalidSettingException if it names no model
   */
  public static void requireKnown(String model) {
    requireKnown("THREADMILL_EMBEDDINGS", model);
  }

  /** Whether a value of THREADMILL_EMBEDDINGS names a model within the process. */
  public static boolean isLocal(String model) {
    return weights(model.strip()).isPresent();
  }

  /** As {@link #requireKnown(String)}, for another setting with the same values. */
  public static void requireKnown(String setting, String model) {
    var name = model.strip();
    if (weights(name).isEmpty()
        && (name.startsWith(LOCAL + "/") || !name.matches("[A-Za-z0-9._:/@-]{1,100}"))) {
      throw new InvalidSettingException(
          setting,
          name.length() > 100 ? name.substring(0, 100) : name,
          "is neither local, local/all-minilm-l6-v2, local/bge-small-en-v1.5 nor the name of a"
              + " provider's model");
    }
  }
}
