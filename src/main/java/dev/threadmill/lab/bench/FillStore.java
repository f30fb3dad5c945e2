package dev.threadmill.lab.bench;

import dev.threadmill.search.TermAnalyzer;
import dev.threadmill.search.TermFrequency;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * Fills a vector store with entries that nobody embeds: those of files that are indexed, with terms
 * of texts of their own and with vectors that noise moves away. Embedding a hundred thousand chunks
 * takes most of an hour on two processors.
 */
final class FillStore {
  private static final int NOISES = 500;
  private static final int DIMENSIONS = 384;
  private static final double NOISE = 0.03;
  private static final int ROWS_PER_BATCH = 200;

  private final Connection database;
  private final String store;
  private final Function<Random, String> text;

  /**
   * @param text makes the text of a chunk
   */
  FillStore(Connection database, String store, Function<Random, String> text) {
    this.database = database;
    this.store = store;
    this.text = text;
  }

  /**
   * Adds entries of files.
   *
   * @param indexed files that are indexed
   * @param added files that are uploaded, and not in the store
   */
  void fill(List<String> indexed, List<String> added) throws SQLException {
    database.setAutoCommit(false);
    var index =
        text(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'vector_store_index' AND indexdef LIKE '%hnsw%'");
    update("DROP INDEX " + index.split(" ")[2]);
    createNoise();
    for (int n = 0; n < added.size(); n++) {
      addFile(indexed.get(n % indexed.size()), added.get(n), new Random(n));
      database.commit();
    }
    update("SET LOCAL maintenance_work_mem = '1GB'");
    update(index);
    database.commit();
    database.setAutoCommit(true);
    update("ANALYZE vector_store_index");
  }

  private void createNoise() throws SQLException {
    update("CREATE TEMP TABLE bench_noise (n integer PRIMARY KEY, v vector)");
    var random = new Random(1);
    try (var insert = database.prepareStatement("INSERT INTO bench_noise VALUES (?, ?::vector)")) {
      for (int n = 0; n < NOISES; n++) {
        var vector = new StringBuilder();
        for (int i = 0; i < DIMENSIONS; i++) {
          vector.append(i == 0 ? "[" : ",").append((float) (NOISE * random.nextGaussian()));
        }
        insert.setInt(1, n);
        insert.setString(2, vector.append(']').toString());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private void addFile(String like, String file, Random random) throws SQLException {
    try (var insert =
        database.prepareStatement(
            """
            INSERT INTO vector_store_files (store_id, id, project_id, created_at, status,
              max_tokens, overlap_tokens, usage_bytes, content, model)
            SELECT store_id, ?, project_id, created_at, status, max_tokens, overlap_tokens,
              usage_bytes, content, model
            FROM vector_store_files WHERE store_id = ? AND id = ?
            """)) {
      insert.setString(1, file);
      insert.setString(2, store);
      insert.setString(3, like);
      insert.executeUpdate();
    }
    int chunks =
        Integer.parseInt(
            text(
                "SELECT count(*) FROM vector_store_index WHERE store_id = '%s' AND source_id = '%s'"
                    .formatted(store, like)));
    try (var insert =
        database.prepareStatement(
            """
            INSERT INTO vector_store_index (store_id, source_id, part, model, content, begins, ends,
              created_at, traits, analyzer, terms, embedding)
            SELECT i.store_id, ?, i.part, i.model, i.content, i.begins, i.ends, i.created_at,
              i.traits, i.analyzer, array_to_tsvector(?),
              l2_normalize(i.embedding::vector + z.v)::halfvec
            FROM vector_store_index i, bench_noise z
            WHERE i.store_id = ? AND i.source_id = ? AND i.part = ? AND z.n = ?
            """)) {
      for (int part = 0; part < chunks; part++) {
        var terms = TermFrequency.forms(TermAnalyzer.terms(text.apply(random)));
        insert.setString(1, file);
        insert.setArray(2, database.createArrayOf("text", terms.toArray()));
        insert.setString(3, store);
        insert.setString(4, like);
        insert.setInt(5, part);
        insert.setInt(6, random.nextInt(NOISES));
        insert.addBatch();
        if (part % ROWS_PER_BATCH == ROWS_PER_BATCH - 1) {
          insert.executeBatch();
        }
      }
      insert.executeBatch();
    }
  }

  private void update(String sql) throws SQLException {
    try (var statement = database.createStatement()) {
      statement.execute(sql);
    }
  }

  private String text(String sql) throws SQLException {
    try (var statement = database.createStatement();
        var row = statement.executeQuery(sql)) {
      if (!row.next()) {
        throw new SQLException("no row: " + sql);
      }
      return row.getString(1);
    }
  }
}
