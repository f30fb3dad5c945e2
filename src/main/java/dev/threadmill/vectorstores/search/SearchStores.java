package dev.threadmill.vectorstores.search;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.search.QueryVector;
import dev.threadmill.search.TextQuery;
import dev.threadmill.vectorstores.Attributes;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.VectorStore;
import dev.threadmill.vectorstores.VectorStores;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
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
  private static final Duration EMBEDDING_TIMEOUT = Duration.ofSeconds(5);

  /** Passages beyond the maximum that are read, since files may have been removed meanwhile. */
  private static final int SURPLUS = 5;

  private static final double SCALE = 10_000;

  private final Jdbc jdbc;
  private final StoreIndex index;
  private final StoreEmbeddings embeddings;
  private final VectorStores stores;
  private final Files files;

  SearchStores(
      Jdbc jdbc, StoreIndex index, StoreEmbeddings embeddings, VectorStores stores, Files files) {
    this.jdbc = jdbc;
    this.index = index;
    this.embeddings = embeddings;
    this.stores = stores;
    this.files = files;
  }

  private record Query(TextQuery text, QueryVector vector) {}

  /** A chunk of a file. */
  private record Key(VectorStoreId store, String file, int part) {}

  /**
   * The passages that fit best, best first.
   *
   * @param searched stores that have not expired
   */
  public List<Passage> search(ProjectId project, List<VectorStore> searched, SearchRequest request)
      throws InterruptedException {
    stores.touch(searched);
    var queries =
        request.queries().stream()
            .map(
                text ->
                    new Query(
                        TextQuery.of(text),
                        QueryVector.of(text, embeddings.model(), EMBEDDING_TIMEOUT)))
            .toList();
    var scores = new HashMap<Key, Double>();
    for (var store : searched) {
      var only = request.filter() == null ? null : matching(store.id(), request.filter());
      if (only == null || !only.isEmpty()) {
        for (var query : queries) {
          addScores(store.id(), only, query, request.weights(), scores);
        }
      }
    }
    return passages(project, ranked(scores, request.scoreThreshold()), request.maxResults());
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

  private static List<Map.Entry<Key, Double>> ranked(Map<Key, Double> scores, double threshold) {
    return scores.entrySet().stream()
        .filter(each -> rounded(each.getValue()) >= threshold)
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
    var texts = texts(groups);
    var names =
        files
            .findAll(
                project,
                groups.all().stream().map(group -> new FileId(group.file())).distinct().toList())
            .stream()
            .collect(Collectors.toMap(file -> file.id().value(), Function.identity()));
    var passages = new ArrayList<Passage>();
    for (var group : groups.all()) {
      var file = names.get(group.file());
      if (file != null && passages.size() < maxResults) {
        passage(group, file, texts).ifPresent(passages::add);
      }
    }
    return passages;
  }

  /** The text of a chunk. */
  private record Text(
      Key key,
      String text,
      int repeated,
      Integer firstPage,
      Integer lastPage,
      String heading,
      Attributes attributes) {
    static Text read(Row row) throws SQLException {
      return new Text(
          new Key(row.text("store_id", VectorStoreId::new), row.text("id"), row.integer("part")),
          row.text("text"),
          row.integer("repeated"),
          row.integer("first_page"),
          row.integer("last_page"),
          row.text("heading"),
          row.json("attributes", Attributes.class));
    }
  }

  private Map<Key, Text> texts(ChunkGroups groups) {
    var storeIds = new ArrayList<String>();
    var fileIds = new ArrayList<String>();
    var parts = new ArrayList<String>();
    for (var group : groups.all()) {
      for (int part = group.first(); part <= group.last(); part++) {
        storeIds.add(group.store().value());
        fileIds.add(group.file());
        parts.add(Integer.toString(part));
      }
    }
    if (parts.isEmpty()) {
      return Map.of();
    }
    return jdbc
        .list(
            """
            SELECT f.store_id, f.id, f.attributes, t.part, t.text, t.repeated, t.first_page,
              t.last_page, t.heading
            FROM unnest(?::text[], ?::text[], ?::int[]) AS h (store_id, file_id, part)
            JOIN vector_store_files f ON f.store_id = h.store_id AND f.id = h.file_id
              AND f.status = 'completed'
            JOIN vector_store_texts t ON t.content = f.content AND t.part = h.part
            """,
            Text::read,
            storeIds,
            fileIds,
            parts)
        .stream()
        .collect(Collectors.toMap(Text::key, Function.identity()));
  }

  private static Optional<Passage> passage(
      ChunkGroups.Group group, StoredFile file, Map<Key, Text> texts) {
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
            file.id(),
            file.filename(),
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
