package dev.threadmill.vectorstores.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import dev.threadmill.models.Metering;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.models.rerank.RerankConfig;
import dev.threadmill.models.rerank.Reranker;
import dev.threadmill.telemetry.tracing.Tracing;
import dev.threadmill.testing.BlackHole;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.StoreTenant;
import dev.threadmill.vectorstores.VectorStores;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Searches whose best passages a model of a provider ranks again. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class RerankTest {
  @Inject Files files;
  @Inject Jdbc jdbc;
  @Inject StoreIndex index;
  @Inject ChunkTexts texts;
  @Inject StoreEmbeddings embeddings;
  @Inject VectorStores stores;
  @Inject ProviderTransport transport;
  @Inject Metering metering;
  @Inject ModelRegistry models;
  @Inject MeterRegistry meters;

  private final SettableClock clock = new SettableClock();
  private RecordingServer server;
  private StoreTenant tenant;
  private String store;

  @BeforeEach
  void storeThreeFiles() {
    server = RecordingServer.start();
    tenant = StoreTenant.create(files);
    store =
        tenant.store(
            tenant.upload("pump.txt", "The pump in the cellar needs oil every month."),
            tenant.upload("boat.txt", "The boat in the harbour needs paint every year."),
            tenant.upload("tree.txt", "The tree in the garden needs water every week."));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private record Settings(
      Optional<String> url,
      Optional<String> model,
      Optional<String> apiKey,
      Optional<String> region,
      RerankConfig.Api api,
      Duration timeout,
      int candidates)
      implements RerankConfig {}

  private Reranker reranker(RerankConfig.Api api, Duration timeout) {
    return reranker(server.url("/v1/rerank"), api, timeout);
  }

  private Reranker reranker(String url, RerankConfig.Api api, Duration timeout) {
    return new Reranker(
        new Settings(
            Optional.of(url),
            Optional.of("ranker-1"),
            Optional.of("secret"),
            Optional.empty(),
            api,
            timeout,
            30),
        transport,
        metering,
        models,
        clock,
        meters);
  }

  private List<Passage> search(Reranker reranker, double threshold, boolean rerank)
      throws InterruptedException {
    var search =
        new SearchStores(
            jdbc, index, texts, new RerankChunks(reranker, texts), embeddings, stores, Tracing.OFF);
    return search.search(
        tenant.project(),
        stores.findWithoutCounts(tenant.project(), Set.of(new VectorStoreId(store).value())),
        new SearchRequest(
            List.of("the pump in the cellar"),
            null,
            10,
            threshold,
            SearchRequest.Weights.DEFAULT,
            rerank));
  }

  private static List<String> names(List<Passage> passages) {
    return passages.stream().map(Passage::filename).toList();
  }

  /** Answers in the order of the passages, with the highest score for the one about a boat. */
  private void prefersBoats(String listed, String scored) {
    server.on(
        "/v1/rerank",
        (exchange, call) -> {
          JsonNode body = Json.tree(call.body());
          var results = Json.MAPPER.createArrayNode();
          for (int i = 0; i < body.path(listed).size(); i++) {
            boolean isBoat = body.path(listed).get(i).asText().contains("boat");
            results.addObject().put("index", i).put(scored, isBoat ? 0.9 : 0.2);
          }
          var answer =
              listed.equals("texts")
                  ? results
                  : Json.MAPPER.createObjectNode().set("results", results);
          RecordingServer.reply(exchange, 200, "application/json", answer.toString());
        });
  }

  @Test
  void theScoresOfTheModelDecideAndTheThresholdAppliesToThem() throws Exception {
    prefersBoats("documents", "relevance_score");
    var reranker = reranker(RerankConfig.Api.COHERE, Duration.ofSeconds(20));

    var found = search(reranker, 0.5, true);

    assertThat(names(found)).containsExactly("boat.txt");
    assertThat(found.getFirst().score()).isEqualTo(0.9);
    var call = server.calls().getFirst();
    assertThat(call.header("authorization")).isEqualTo("Bearer secret");
    var body = Json.tree(call.body());
    assertThat(body.path("model").asText()).isEqualTo("ranker-1");
    assertThat(body.path("query").asText()).isEqualTo("the pump in the cellar");
    assertThat(body.path("documents")).hasSize(3);
    assertThat(body.path("top_n").asInt()).isEqualTo(3);
  }

  @Test
  void theFormOfTextEmbeddingsInferenceIsSpokenToo() throws Exception {
    prefersBoats("texts", "score");

    var found = search(reranker(RerankConfig.Api.TEI, Duration.ofSeconds(20)), 0, true);

    assertThat(names(found)).startsWith("boat.txt").hasSize(3);
  }

  @Test
  void aSearchThatWantsNoRankerDoesNotCallTheModel() throws Exception {
    prefersBoats("documents", "relevance_score");

    var found = search(reranker(RerankConfig.Api.COHERE, Duration.ofSeconds(20)), 0, false);

    assertThat(names(found)).startsWith("pump.txt");
    assertThat(server.calls()).isEmpty();
  }

  @Test
  void theOrderOfTheSearchStandsWhileTheModelFailsAndItIsNotAskedAgainAtOnce() throws Exception {
    server.on("/v1/rerank", RecordingServer.json(200, "{\"results\": [{\"index\": 7}]}"));
    var reranker = reranker(RerankConfig.Api.COHERE, Duration.ofSeconds(20));

    assertThat(names(search(reranker, 0, true))).startsWith("pump.txt").hasSize(3);
    assertThat(names(search(reranker, 0, true))).startsWith("pump.txt").hasSize(3);
    assertThat(server.calls()).hasSize(1);

    clock.advance(Duration.ofSeconds(6));
    search(reranker, 0, true);
    assertThat(server.calls()).hasSize(2);
  }

  @Test
  void aSearchThatTheModelRefusesDoesNotKeepOthersFromIt() throws Exception {
    server.on("/v1/rerank", RecordingServer.json(400, "{\"message\": \"too many tokens\"}"));
    var reranker = reranker(RerankConfig.Api.COHERE, Duration.ofSeconds(20));
    assertThat(names(search(reranker, 0, true))).startsWith("pump.txt").hasSize(3);

    prefersBoats("documents", "relevance_score");

    assertThat(names(search(reranker, 0, true))).startsWith("boat.txt").hasSize(3);
  }

  @Test
  void logitsBecomeScoresFromZeroToOneInTheSameOrder() throws Exception {
    server.on(
        "/v1/rerank",
        RecordingServer.json(
            200,
            """
            {"results": [{"index": 0, "relevance_score": -4.5},
              {"index": 1, "relevance_score": 6.0}, {"index": 2, "relevance_score": 2.0}]}
            """));
    var reranker = reranker(RerankConfig.Api.COHERE, Duration.ofSeconds(20));

    var scores = reranker.scores("which?", List.of("a", "b", "c")).orElseThrow();

    assertThat(scores[1]).isBetween(0.99, 1.0);
    assertThat(scores[2]).isBetween(0.8, 0.9);
    assertThat(scores[0]).isBetween(0.0, 0.02);
  }

  @Test
  void searchesBeyondTheCallsThatTheModelMayHaveKeepTheirOrder() throws Exception {
    try (var silent = BlackHole.start();
        var searches = Executors.newVirtualThreadPerTaskExecutor()) {
      var reranker = reranker(silent.url(), RerankConfig.Api.COHERE, Duration.ofSeconds(3));
      for (int i = 0; i < 60; i++) {
        searches.submit(() -> reranker.scores("which?", List.of("a")));
      }
      searches.close();

      assertThat(silent.taken()).isBetween(1, 32);
    }
  }

  @Test
  void aModelThatTakesTooLongIsNotWaitedFor() throws Exception {
    try (var silent = BlackHole.start()) {
      var reranker = reranker(silent.url(), RerankConfig.Api.COHERE, Duration.ofMillis(200));

      var found = search(reranker, 0, true);

      assertThat(names(found)).startsWith("pump.txt").hasSize(3);
      assertThat(silent.taken()).isPositive();
    }
  }
}
