package dev.threadmill.vectorstores.search;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.search.QueryVector;
import dev.threadmill.search.TextQuery;
import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Tracing;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.VectorStore;
import dev.threadmill.vectorstores.VectorStores;
import dev.threadmill.vectorstores.search.ChunkTexts.Key;
import dev.threadmill.vectorstores.search.ChunkTexts.Text;
import io.opentelemetry.api.trace.SpanKind;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Searches vector stores by meaning and by words. */
@ApplicationScoped
public class SearchStores {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int WARM_UP_RESULTS = 10;

  /** Passages beyond the maximum that are read, since files may have been removed meanwhile. */
  private static final int SURPLUS = 5;

  private static final double SCALE = 10_000;

  private final Jdbc jdbc;
  private final StoreIndex index;
  private final ChunkTexts texts;
  private final RerankChunks rerank;
  private final StoreEmbeddings embeddings;
  private final VectorStores stores;
  private final Tracing tracing;

  SearchStores(
      Jdbc jdbc,
      StoreIndex index,
      ChunkTexts texts,
      RerankChunks rerank,
      StoreEmbeddings embeddings,
      VectorStores stores,
      Tracing tracing) {
    this.tracing = tracing;
    this.jdbc = jdbc;
    this.index = index;
    this.texts = texts;
    this.rerank = rerank;
    this.embeddings = embeddings;
    this.stores = stores;
  }

  private record Query(TextQuery text, QueryVector vector) {
    /** Embedding begins before the text is analyzed, since it takes longer. */
    private Query(QueryVector vector, String text) {
      this(TextQuery.of(text), vector);
    }
  }

  /**
   * The passages of a store that fit best, best first. A model of this server embeds the queries
   * while the store is looked up.
   *
   * @throws ApiException 404 if the project has no such store, 400 if it has expired
   */
  public List<Passage> search(ProjectId project, VectorStoreId id, SearchRequest request)
      throws InterruptedException {
    var early = isLocal() ? queries(request, this::embed) : null;
    var store = stores.getWithoutCounts(project, id);
    VectorStores.requireActive(store);
    return search(
        project, List.of(store), early == null ? queries(request, this::embed) : early, request);
  }

  /**
   * The passages that fit best, best first.
   *
   * @param searched stores that have not expired
   */
  public List<Passage> search(ProjectId project, List<VectorStore> searched, SearchRequest request)
      throws InterruptedException {
    return search(project, searched, queries(request, this::embed), request);
  }

  private List<Passage> search(
      ProjectId project, List<VectorStore> searched, List<Query> queries, SearchRequest request)
      throws InterruptedException {
    var sources = tracing.isOn() ? ids(searched) : "";
    try (var operation = tracing.start(GenAi.RETRIEVAL + " " + sources, SpanKind.CLIENT)) {
      operation.set(GenAi.OPERATION, GenAi.RETRIEVAL).set(GenAi.DATA_SOURCE, sources);
      try {
        stores.touch(searched);
        return find(project, searched, queries, request);
      } catch (RuntimeException e) {
        operation.failed(e.getClass().getSimpleName());
        throw e;
      }
    }
  }

  private static String ids(List<VectorStore> searched) {
    return searched.stream().map(store -> store.id().value()).collect(Collectors.joining(","));
  }

  private boolean isLocal() {
    return embeddings.recipient().isEmpty();
  }

  private QueryVector embed(String text) {
    return QueryVector.of(text, embeddings.model(), TIMEOUT);
  }

  private static List<Query> queries(SearchRequest request, Function<String, QueryVector> embed) {
    return request.queries().stream().map(text -> new Query(embed.apply(text), text)).toList();
  }

  /**
   * Searches a store for nobody. It neither counts as a use of the store nor calls a provider.
   *
   * @throws InterruptedException if the server stops
   */
  void warmUp(VectorStore store, String query) throws InterruptedException {
    var request =
        new SearchRequest(
            List.of(query), null, WARM_UP_RESULTS, 0, SearchRequest.Weights.DEFAULT, false);
    find(
        store.project(),
        List.of(store),
        queries(request, isLocal() ? this::embed : _ -> () -> null),
        request);
  }

  private List<Passage> find(
      ProjectId project, List<VectorStore> searched, List<Query> queries, SearchRequest request)
      throws InterruptedException {
    var scores = new HashMap<Key, Double>();
    for (var store : searched) {
      var only = request.filter() == null ? null : matching(store.id(), request.filter());
      if (only == null || !only.isEmpty()) {
        for (var query : queries) {
          addScores(store.id(), only, query, request.weights(), scores);
        }
      }
    }
    var ranked = ranked(scores);
    if (request.rerank()) {
      ranked =
          rerank
              .rerank(
                  project,
                  request.queries(),
                  ranked.stream().map(Map.Entry::getKey).toList(),
                  request.maxResults())
              .map(SearchStores::ranked)
              .orElse(ranked);
    }
    var fitting =
        ranked.stream()
            .filter(each -> rounded(each.getValue()) >= request.scoreThreshold())
            .toList();
    return passages(project, fitting, request.maxResults());
  }

  private void addScores(
      VectorStoreId store,
      Set<String> only,
      Query query,
      SearchRequest.Weights weights,
      Map<Key, Double> scores)
      throws InterruptedException {
    var found = index.search(store, only, query.text(), query.vector());
    var values = ScoreHits.of(found, query.text(), weights);
    for (int i = 0; i < values.length; i++) {
      var hit = found.hits().get(i);
      scores.merge(new Key(store, hit.sourceId(), hit.chunk()), values[i], Math::max);
    }
  }

  /** The files that fit a filter. */
  private Set<String> matching(VectorStoreId store, AttributeFilter filter) {
    var params = new ArrayList<Object>();
    params.add(store);
    var condition = filter.sql(params);
    return new HashSet<>(
        jdbc.list(
            "SELECT f.id FROM vector_store_files f WHERE f.store_id = ? AND f.status = 'completed' AND "
                + condition,
            row -> row.text("id"),
            params.toArray()));
  }

  private static List<Map.Entry<Key, Double>> ranked(Map<Key, Double> scores) {
    return scores.entrySet().stream()
        .sorted(
            Map.Entry.<Key, Double>comparingByValue(Comparator.reverseOrder())
                .thenComparing(each -> each.getKey().file())
                .thenComparing(each -> each.getKey().part()))
        .toList();
  }

  private List<Passage> passages(
      ProjectId project, List<Map.Entry<Key, Double>> ranked, int maxResults) {
    var groups = ChunkGroups.of(maxResults + SURPLUS);
    for (var each : ranked) {
      var key = each.getKey();
      if (!groups.add(key.store(), key.file(), key.part(), each.getValue())) {
        break;
      }
    }
    var read = texts.read(project, chunks(groups));
    var passages = new ArrayList<Passage>();
    for (var group : groups.all()) {
      if (passages.size() < maxResults) {
        passage(group, read).ifPresent(passages::add);
      }
    }
    return passages;
  }

  private static List<Key> chunks(ChunkGroups groups) {
    var chunks = new ArrayList<Key>();
    for (var group : groups.all()) {
      for (int part = group.first(); part <= group.last(); part++) {
        chunks.add(new Key(group.store(), group.file(), part));
      }
    }
    return chunks;
  }

  private static Optional<Passage> passage(ChunkGroups.Group group, Map<Key, Text> texts) {
    var merged = new StringBuilder();
    Text first = null;
    Text last = null;
    for (int part = group.first(); part <= group.last(); part++) {
      var next = texts.get(new Key(group.store(), group.file(), part));
      if (next == null) {
        return Optional.empty();
      }
      if (first == null) {
        first = next;
        merged.append(next.text());
      } else {
        var rest = next.text().substring(Math.min(next.repeated(), next.text().length()));
        merged.append(merged.isEmpty() || rest.startsWith("\n") ? "" : "\n").append(rest);
      }
      last = next;
    }
    return Optional.of(
        new Passage(
            group.store(),
            new FileId(group.file()),
            first.filename(),
            first.attributes(),
            rounded(group.score()),
            merged.toString(),
            first.firstPage(),
            last.lastPage(),
            first.heading()));
  }

  private static double rounded(double score) {
    return Math.round(score * SCALE) / SCALE;
  }
}
