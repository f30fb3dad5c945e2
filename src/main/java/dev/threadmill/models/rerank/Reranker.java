package dev.threadmill.models.rerank;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.Json;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.http.ProviderPost;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.registry.ModelRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Scores passages against a query with a model that reads both together. It is configured, or it is
 * not there; a search never fails because of it. After an outage it is not called for some seconds,
 * so that it does not slow each search down. A request that it refuses says nothing about others.
 */
@ApplicationScoped
public class Reranker {
  private static final Logger LOG = Logger.getLogger(Reranker.class);
  private static final long MAX_RESPONSE_BYTES = 4L * 1024 * 1024;
  private static final int MAX_CANDIDATES = 200;
  private static final Duration PAUSE = Duration.ofSeconds(5);

  /** The most concurrent calls. Further searches keep their order. */
  private static final int MAX_CALLS = 32;

  /** Scores that are so far out of 0 to 1 are not rounded: they are logits. */
  private static final double TOLERANCE = 0.001;

  /** Most models read 512 tokens, some a few thousand. */
  private static final int MAX_CHARACTERS = 4_000;

  private final RerankConfig config;
  private final InstantSource clock;
  private final Metering metering;
  private final ModelInfo info;
  private final MeterRegistry meters;
  private final ProviderPost post;
  private final Semaphore calls = new Semaphore(MAX_CALLS);
  private volatile Instant pausedUntil = Instant.MIN;

  public Reranker(
      RerankConfig config,
      ProviderTransport transport,
      Metering metering,
      ModelRegistry registry,
      InstantSource clock,
      MeterRegistry meters) {
    this.metering = metering;
    this.info = info(config, registry);
    this.config = config;
    this.clock = clock;
    this.meters = meters;
    this.post =
        new ProviderPost(
            transport,
            ProviderConfig.of(
                "rerank",
                "openai",
                config.url().map(String::strip),
                config.apiKey(),
                "THREADMILL_RERANK_API_KEY"),
            config.timeout(),
            MAX_RESPONSE_BYTES,
            clock);
  }

  private static ModelInfo info(RerankConfig config, ModelRegistry registry) {
    var name = config.model().orElse("rerank");
    var known =
        registry
            .configured(name)
            .filter(info -> !info.isInProcess())
            .orElseGet(() -> new ModelInfo(name, "rerank", 1, 1, false, false, false, false));
    return config.region().map(known::in).orElse(known);
  }

  /**
   * Checks the settings.
   *
   * @throws InvalidSettingException if one of them cannot be used
   */
  public static void require(RerankConfig config) {
    config
        .url()
        .filter(url -> !isHttpUrl(url))
        .ifPresent(
            url -> {
              throw new InvalidSettingException(
                  "THREADMILL_RERANK_URL", url, "is not an http or https address");
            });
    if (config.candidates() < 1 || config.candidates() > MAX_CANDIDATES) {
      throw new InvalidSettingException(
          "THREADMILL_RERANK_CANDIDATES",
          Integer.toString(config.candidates()),
          "is not a number from 1 to " + MAX_CANDIDATES);
    }
    if (!config.timeout().isPositive()) {
      throw new InvalidSettingException(
          "THREADMILL_RERANK_TIMEOUT", config.timeout().toString(), "is not a positive time");
    }
  }

  private static boolean isHttpUrl(String url) {
    try {
      var uri = new URI(url.strip());
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /** Whether this server has a model for it. */
  public boolean isConfigured() {
    return config.url().isPresent();
  }

  /** Where the model is, as it is set; empty if that is not known. */
  public Optional<String> region() {
    return config.region();
  }

  /** How many passages are worth ranking again. */
  public int candidates() {
    return config.candidates();
  }

  /**
   * How well each passage fits the query, 0 to 1, in the order of the passages.
   *
   * @return empty if there is no model, it failed or took too long, or has too many calls
   */
  public Optional<double[]> scores(String query, List<String> passages)
      throws InterruptedException {
    if (!isConfigured() || passages.isEmpty() || clock.instant().isBefore(pausedUntil)) {
      return Optional.empty();
    }
    long startedAt = System.nanoTime();
    if (!calls.tryAcquire()) {
      record("skipped", startedAt);
      return Optional.empty();
    }
    try {
      var scores = metered(query, passages);
      record("succeeded", startedAt);
      return Optional.of(scores);
    } catch (LimitReachedException e) {
      record("skipped", startedAt);
      return Optional.empty();
    } catch (ModelException e) {
      if (e.kind() != ModelException.Kind.INVALID_PROMPT) {
        pausedUntil = clock.instant().plus(PAUSE);
      }
      record("failed", startedAt);
      LOG.warnf("rerank=failed passages=%d reason=%s", passages.size(), e.getMessage());
      return Optional.empty();
    } finally {
      calls.release();
    }
  }

  /** Counts the call for the project that searches. */
  private double[] metered(String query, List<String> passages) throws InterruptedException {
    var project = WorkOwner.project();
    if (project.isEmpty()) {
      return send(query, passages);
    }
    int tokens = count(query, passages);
    var reservation = metering.reserveFor(project.get(), info, ModelOperation.RERANK, () -> tokens);
    long used = 0;
    boolean isCompleted = false;
    try {
      var scores = send(query, passages);
      used = tokens;
      isCompleted = true;
      return scores;
    } catch (ModelException e) {
      used = e.kind() == ModelException.Kind.PROVIDER_FAILED ? tokens : 0;
      throw e;
    } finally {
      reservation.settle(used, isCompleted);
    }
  }

  /** The model reads the query with each passage. */
  private static int count(String query, List<String> passages) {
    int ofQuery = TokenCounter.count(clipped(query));
    return passages.stream().mapToInt(text -> ofQuery + TokenCounter.count(clipped(text))).sum();
  }

  private double[] send(String query, List<String> passages) throws InterruptedException {
    return post.send(
        "",
        Json.write(body(query, passages)).getBytes(StandardCharsets.UTF_8),
        config.model().orElse("rerank"),
        response -> read(response, passages.size()));
  }

  private void record(String outcome, long startedAt) {
    meters
        .timer("threadmill.rerank", "outcome", outcome)
        .record(System.nanoTime() - startedAt, TimeUnit.NANOSECONDS);
  }

  private JsonNode body(String query, List<String> passages) {
    var body = Json.MAPPER.createObjectNode();
    config.model().ifPresent(model -> body.put("model", model));
    body.put("query", clipped(query));
    var texts =
        switch (config.api()) {
          case COHERE -> {
            body.put("top_n", passages.size());
            yield body.putArray("documents");
          }
          case TEI -> {
            body.put("truncate", true);
            yield body.putArray("texts");
          }
        };
    passages.forEach(passage -> texts.add(clipped(passage)));
    return body;
  }

  private static String clipped(String text) {
    if (text.length() <= MAX_CHARACTERS) {
      return text;
    }
    return text.substring(
        0,
        Character.isLowSurrogate(text.charAt(MAX_CHARACTERS))
            ? MAX_CHARACTERS - 1
            : MAX_CHARACTERS);
  }

  /** The scores by index; every passage has to have one. */
  private double[] read(InputStream response, int passages) throws IOException {
    var tree = Json.MAPPER.readTree(response);
    var results = tree.isArray() ? tree : tree.path("results");
    var scores = new double[passages];
    Arrays.fill(scores, Double.NaN);
    for (var result : results) {
      int index = result.path("index").asInt(-1);
      var score =
          result.has("relevance_score") ? result.get("relevance_score") : result.path("score");
      if (index >= 0 && index < passages && score.isNumber()) {
        scores[index] = score.doubleValue();
      }
    }
    for (double score : scores) {
      if (Double.isNaN(score)) {
        throw new JsonParseException(null, "a passage has no score");
      }
    }
    return likelihoods(scores);
  }

  /** Some models answer with logits, whose logistic function is the score. */
  private static double[] likelihoods(double[] scores) {
    boolean areLogits =
        Arrays.stream(scores).anyMatch(score -> score < -TOLERANCE || score > 1 + TOLERANCE);
    return Arrays.stream(scores)
        .map(score -> areLogits ? 1 / (1 + Math.exp(-score)) : Math.clamp(score, 0, 1))
        .toArray();
  }
}
