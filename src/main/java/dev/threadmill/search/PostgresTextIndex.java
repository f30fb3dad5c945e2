package dev.threadmill.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** An index in a table of PostgreSQL, with pgvector for meaning and {@code tsvector} for words. */
public final class PostgresTextIndex implements TextIndex {
  private static final int MAX_LARGE_SCOPES_BYTES = 4 * 1024 * 1024;
  private static final int BYTES_PER_SCOPE = 300;

  private final Jdbc jdbc;
  private final IndexTable table;
  private final EmbeddingModel embeddings;
  private final IndexLimits limits;
  private final VectorColumn vectors;
  private final ExactSearch exact;
  private final ApproximateSearch approximate;
  private final HeapIndexCache heap;
  private final ActiveSearches searches = new ActiveSearches();
  private final IndexTombstones tombstones;

  /** Scopes too large to be counted at each search. One that has shrunk is still searched right. */
  private final Cache<SearchScope, Boolean> large =
      Caffeine.newBuilder()
          .maximumWeight(MAX_LARGE_SCOPES_BYTES)
          .weigher((SearchScope scope, Boolean _) -> bytes(scope))
          .build();

  public PostgresTextIndex(
      Jdbc jdbc,
      IndexTable table,
      EmbeddingModel embeddings,
      IndexLimits limits,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.table = table;
    this.embeddings = embeddings;
    this.limits = limits;
    this.vectors = new VectorColumn(jdbc, table);
    this.exact = new ExactSearch(jdbc, table, vectors, embeddings);
    this.approximate =
        new ApproximateSearch(
            jdbc, table, vectors, new TermStatistics(jdbc, table, clock), embeddings);
    this.heap = new HeapIndexCache(jdbc, table, vectors, embeddings, limits, searches);
    this.tombstones = new IndexTombstones(jdbc, table);
  }

  @Override
  public Hits search(
      SearchScope scope, Set<String> sources, TextQuery query, QueryVector vector, int limit)
      throws InterruptedException {
    try (var _ = searches.begin()) {
      return searched(scope, sources, query, vector, limit);
    }
  }

  private Hits searched(
      SearchScope scope, Set<String> sources, TextQuery query, QueryVector vector, int limit)
      throws InterruptedException {
    var inHeap = heap.search(scope, sources, query, vector, limit);
    if (inHeap.isPresent()) {
      return inHeap.get();
    }
    if (sources != null) {
      heap.recordSearch(scope, limits.heapFrom());
      return inDatabase(scope.within(sources), query, vector, limit);
    }
    var hits = inDatabase(scope, query, vector, limit);
    heap.recordSearch(scope, hits.totalEntries());
    return hits;
  }

  private Hits inDatabase(SearchScope scope, TextQuery query, QueryVector vector, int limit)
      throws InterruptedException {
    if (scope.countFirst() || large.getIfPresent(scope) != null) {
      long entries = count(scope);
      if (entries > scope.exactUpTo()) {
        boolean useGraph = entries > Math.max(limits.compareAll(), scope.exactUpTo());
        return approximate.search(scope, query, vector, entries, useGraph, limit);
      }
    }
    var all = exact.search(scope, query, vector);
    if (all.size() > countBound(scope)) {
      large.put(scope, true);
    }
    return new Hits(all, all.size(), null);
  }

  /** The number of entries of a scope, counted no further than the search needs to know. */
  private long count(SearchScope scope) {
    long bound = countBound(scope);
    if (large.getIfPresent(scope) != null) {
      return bound + 1;
    }
    long entries =
        jdbc.one(
                "SELECT count(*) AS entries FROM (SELECT 1 FROM %s i WHERE %s LIMIT %d) AS counted"
                    .formatted(table.name(), scope.condition(), bound + 1),
                row -> row.bigint("entries"),
                scope.params().toArray())
            .orElseThrow();
    if (entries > bound) {
      large.put(scope, true);
    }
    return entries;
  }

  private long countBound(SearchScope scope) {
    return Math.max(limits.compareAll(), scope.exactUpTo());
  }

  private static int bytes(SearchScope scope) {
    int params = scope.params().stream().mapToInt(param -> param.toString().length()).sum();
    return BYTES_PER_SCOPE + 2 * params;
  }

  @Override
  public void upsert(Tx tx, List<IndexDocument> documents) {
    var rows = new ArrayList<Object[]>();
    var chunkCounts = new ArrayList<Object[]>();
    var kind = vectors.kind(tx);
    for (var document : documents) {
      for (int i = 0; i < document.chunks().size(); i++) {
        rows.add(row(document, i, i, kind));
      }
      chunkCounts.add(
          new Object[] {
            document.group(), document.sourceId(), document.chunks().size(), document.model()
          });
    }
    tx.batch(upsertSql(kind), rows);
    tx.batch(
        "DELETE FROM %s WHERE %s = ? AND source_id = ? AND (part >= ? OR model <> ?)"
            .formatted(table.name(), table.group()),
        chunkCounts);
  }

  /**
   * Writes chunks of a document and leaves its other chunks as they are.
   *
   * @param parts the numbers of the chunks
   */
  public void append(Tx tx, IndexDocument document, List<Integer> parts) {
    var kind = vectors.kind(tx);
    var rows = new ArrayList<Object[]>();
    for (int i = 0; i < document.chunks().size(); i++) {
      rows.add(row(document, i, parts.get(i), kind));
    }
    tx.batch(upsertSql(kind), rows);
  }

  private static Object[] row(
      IndexDocument document, int index, int place, VectorColumn.Kind kind) {
    var chunk = document.chunks().get(index);
    var values = new ArrayList<Object>();
    values.add(document.group());
    values.add(document.sourceId());
    values.add(place);
    values.add(document.model());
    values.addAll(document.owners());
    values.add(chunk.startOffset());
    values.add(chunk.endOffset());
    values.add(document.createdAt());
    values.add(document.originalTime());
    values.add(chunk.traits());
    values.add(TermAnalyzer.VERSION);
    values.add(chunk.terms());
    values.add(kind.param(chunk.vector()));
    return values.toArray();
  }

  private String upsertSql(VectorColumn.Kind kind) {
    var owners = table.owners();
    return """
    INSERT INTO %s (%s, source_id, part, model, %s, begins, ends, created_at, said_at, traits,
      analyzer, terms, embedding)
    VALUES (?, ?, ?, ?, %s, ?, ?, ?, ?, ?, ?, array_to_tsvector(?), ?::%s)
    ON CONFLICT (%s, source_id, part, model) DO UPDATE SET %s,
      begins = excluded.begins, ends = excluded.ends, said_at = excluded.said_at,
      traits = excluded.traits, analyzer = excluded.analyzer, terms = excluded.terms,
      embedding = excluded.embedding
    """
        .formatted(
            table.name(),
            table.group(),
            String.join(", ", owners),
            String.join(", ", Collections.nCopies(owners.size(), "?")),
            kind.type(),
            table.group(),
            String.join(
                ", ", owners.stream().map(owner -> owner + " = excluded." + owner).toList()));
  }

  @Override
  public void remove(Tx tx, String group, Collection<String> sourceIds) {
    tx.update(
        "DELETE FROM %s WHERE %s = ? AND source_id = ANY (?)"
            .formatted(table.name(), table.group()),
        group,
        sourceIds);
  }

  /** Removes old tombstones. To be called about once a minute by one or several nodes. */
  public void sweepTombstones() {
    tombstones.sweep();
  }

  /** Creates the HNSW index of the embedding model, unless it exists. */
  public void createVectorIndex() {
    vectors.createIndex(embeddings.name(), embeddings.dimensions());
  }

  /**
   * Loads scopes into the heap, as if they were searched repeatedly: the first ones, up to half of
   * the room. Scopes that are too small or too large are left out.
   *
   * @throws InterruptedException if the server stops
   */
  public void load(List<SearchScope> scopes) throws InterruptedException {
    heap.loadAll(scopes);
  }

  /** The number of entries that this node keeps in its heap. */
  public long heapEntries() {
    return heap.entries();
  }
}
