package dev.threadmill.vectorstores;

import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.files.chunks.ChunkingStrategy;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tables of files in vector stores and of their batches. */
@ApplicationScoped
class StoreFileTable {
  private static final String COLUMNS =
      "store_id, id, created_at, status, last_error, attributes, max_tokens, overlap_tokens,"
          + " usage_bytes, content";

  private static final String COUNTS =
      """
      count(*) FILTER (WHERE f.status = 'in_progress') AS in_progress,
      count(*) FILTER (WHERE f.status = 'completed') AS completed,
      count(*) FILTER (WHERE f.status = 'failed') AS failed,
      count(*) FILTER (WHERE f.status = 'cancelled') AS cancelled\
      """;

  private final Jdbc jdbc;

  StoreFileTable(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Adds files to a store. A file that is there already gets the new attributes; it is indexed
   * again if it is not completed or has another content.
   *
   * @param batch null for none
   */
  void add(
      Tx tx,
      ProjectId project,
      VectorStoreId store,
      FileBatchId batch,
      Instant at,
      List<NewStoreFile> files,
      String model) {
    var rows = new ArrayList<Object[]>();
    // in one order for all, or two requests that add the same files wait for each other
    var ordered =
        files.stream().sorted(Comparator.comparing(each -> each.file().id().value())).toList();
    for (var each : ordered) {
      rows.add(
          new Object[] {
            store,
            each.file().id(),
            project,
            batch,
            at,
            Tx.json(each.attributes()),
            each.strategy().maxTokens(),
            each.strategy().overlapTokens(),
            ContentKey.of(each.file(), each.strategy(), model),
            model
          });
    }
    tx.batch(
        """
        INSERT INTO vector_store_files AS f (store_id, id, project_id, batch_id, created_at, status,
          attributes, max_tokens, overlap_tokens, content, model)
        VALUES (?, ?, ?, ?, ?, 'in_progress', ?, ?, ?, ?, ?)
        ON CONFLICT (store_id, id) DO UPDATE SET
          attributes = excluded.attributes,
          batch_id = coalesce(excluded.batch_id, f.batch_id),
          max_tokens = excluded.max_tokens, overlap_tokens = excluded.overlap_tokens,
          content = excluded.content, model = excluded.model,
          status = CASE WHEN f.status IN ('completed', 'in_progress') AND f.content = excluded.content
            THEN f.status ELSE 'in_progress' END,
          last_error = NULL,
          due = CASE WHEN f.content = excluded.content THEN f.due ELSE '-infinity' END,
          attempts = 0,
          claim = CASE WHEN f.status = 'in_progress' AND f.content = excluded.content
            THEN f.claim ELSE f.claim + 1 END
        """,
        rows);
  }

  /** A file that was indexed with another model than the present one. */
  record Outdated(ProjectId project, VectorStoreId store, FileId file, ChunkingStrategy strategy) {}

  /** Some files of other models, locked until the transaction ends. */
  List<Outdated> outdated(Tx tx, String model, int limit) {
    return tx.list(
        """
        SELECT project_id, store_id, id, max_tokens, overlap_tokens FROM vector_store_files
        WHERE status = 'completed' AND (model < ? OR model > ?)
        ORDER BY model LIMIT ? FOR UPDATE SKIP LOCKED
        """,
        row ->
            new Outdated(
                row.text("project_id", ProjectId::new),
                row.text("store_id", VectorStoreId::new),
                row.text("id", FileId::new),
                strategy(row)),
        model,
        model,
        limit);
  }

  /** Has files indexed again, with their new contents. */
  void indexAgain(Tx tx, Map<Outdated, String> contents, String model) {
    tx.batch(
        """
        UPDATE vector_store_files SET content = ?, model = ?, status = 'in_progress',
          due = '-infinity', attempts = 0, claim = claim + 1
        WHERE store_id = ? AND id = ?
        """,
        contents.entrySet().stream()
            .map(
                each ->
                    new Object[] {
                      each.getValue(), model, each.getKey().store(), each.getKey().file()
                    })
            .toList());
  }

  private static ChunkingStrategy strategy(Row row) throws SQLException {
    return new ChunkingStrategy(row.integer("max_tokens"), row.integer("overlap_tokens"));
  }

  /** The number of files in a store, counted up to a bound. */
  int count(Tx tx, VectorStoreId store, int bound) {
    return tx.one(
            "SELECT count(*) AS files FROM (SELECT 1 FROM vector_store_files WHERE store_id = ? LIMIT %d) AS f"
                .formatted(bound),
            row -> row.integer("files"),
            store)
        .orElseThrow();
  }

  Optional<StoreFile> find(VectorStoreId store, FileId file) {
    return jdbc.one(
        "SELECT %s FROM vector_store_files WHERE store_id = ? AND id = ?".formatted(COLUMNS),
        StoreFileTable::read,
        store,
        file);
  }

  /**
   * The files of a store or of a batch.
   *
   * @param batch null for all
   * @param status null for all
   */
  Page<StoreFile> list(
      VectorStoreId store, FileBatchId batch, FileStatus status, PageRequest request) {
    var files = Keyset.of(COLUMNS, "vector_store_files").within("store_id = ?", store);
    if (batch != null) {
      files.within("batch_id = ?", batch);
    }
    if (status != null) {
      files.filteredBy("status = ?", status);
    }
    return files.page(
        request,
        (sql, params) -> jdbc.list(sql, StoreFileTable::read, params),
        file -> file.id().value());
  }

  Optional<StoreFile> setAttributes(VectorStoreId store, FileId file, Attributes attributes) {
    return jdbc.updateReturningOne(
        "UPDATE vector_store_files SET attributes = ? WHERE store_id = ? AND id = ? RETURNING "
            + COLUMNS,
        StoreFileTable::read,
        Tx.json(attributes),
        store,
        file);
  }

  /** Removes a file from a store. False if it is not there. */
  boolean remove(VectorStoreId store, FileId file) {
    return jdbc.inTransaction(
        tx -> {
          // first the row that the ingestion locks, so that it writes no entries afterwards
          int removed =
              tx.update(
                  "DELETE FROM vector_store_files WHERE store_id = ? AND id = ?", store, file);
          tx.update(
              "DELETE FROM vector_store_index WHERE store_id = ? AND source_id = ?", store, file);
          return removed > 0;
        });
  }

  /** Removes files from all stores of a project. */
  void removeFromAll(Tx tx, ProjectId project, Collection<FileId> files) {
    tx.defer(
        """
        WITH gone AS (
          DELETE FROM vector_store_files WHERE id = ANY (?) AND project_id = ?
          RETURNING store_id, id)
        DELETE FROM vector_store_index i USING gone g
        WHERE i.store_id = g.store_id AND i.source_id = g.id
        """,
        files.stream().map(FileId::value).toList(),
        project);
  }

  /** Removes some entries or files of a store. False if there are none left. */
  boolean removeSome(Tx tx, VectorStoreId store, int entries) {
    // first the files, so that none is being indexed
    int files = tx.update("DELETE FROM vector_store_files WHERE store_id = ?", store);
    int removed =
        tx.update(
            """
            DELETE FROM vector_store_index WHERE (store_id, source_id, part, model) IN (
              SELECT store_id, source_id, part, model FROM vector_store_index
              WHERE store_id = ? LIMIT ?)
            """,
            store,
            entries);
    return files > 0 || removed > 0;
  }

  void insertBatch(
      Tx tx, FileBatchId batch, VectorStoreId store, ProjectId project, Instant createdAt) {
    tx.defer(
        "INSERT INTO vector_store_batches (id, store_id, project_id, created_at) VALUES (?, ?, ?, ?)",
        batch,
        store,
        project,
        createdAt);
  }

  Optional<FileBatch> findBatch(VectorStoreId store, FileBatchId batch) {
    return findBatch("b.store_id = ?", store, batch);
  }

  Optional<FileBatch> findBatch(ProjectId project, FileBatchId batch) {
    return findBatch("b.project_id = ?", project, batch);
  }

  private Optional<FileBatch> findBatch(String condition, Object owner, FileBatchId batch) {
    return jdbc.one(
        """
        SELECT b.id, b.store_id, b.created_at, b.cancelled AS is_cancelled, %s
        FROM vector_store_batches b LEFT JOIN vector_store_files f ON f.batch_id = b.id
        WHERE %s AND b.id = ? GROUP BY b.id
        """
            .formatted(COUNTS, condition),
        row ->
            new FileBatch(
                row.text("id", FileBatchId::new),
                row.text("store_id", VectorStoreId::new),
                row.instant("created_at"),
                row.bool("is_cancelled"),
                counts(row)),
        owner,
        batch);
  }

  /** Cancels the files of a batch that are not indexed yet. */
  void cancelBatch(VectorStoreId store, FileBatchId batch) {
    jdbc.runInTransaction(
        tx -> {
          int cancelled =
              tx.update(
                  """
                  WITH stopped AS (
                    UPDATE vector_store_files SET status = 'cancelled', claim = claim + 1
                    WHERE batch_id = ? AND store_id = ? AND status = 'in_progress'
                    RETURNING store_id, id)
                  UPDATE vector_store_batches SET cancelled = true
                  WHERE id = ? AND store_id = ? AND EXISTS (SELECT 1 FROM stopped)
                  """,
                  batch,
                  store,
                  batch,
                  store);
          if (cancelled > 0) {
            tx.update(
                """
                DELETE FROM vector_store_index i USING vector_store_files f
                WHERE f.batch_id = ? AND f.store_id = ? AND f.status = 'cancelled'
                  AND i.store_id = f.store_id AND i.source_id = f.id
                """,
                batch,
                store);
          }
        });
  }

  /**
   * A part of the text of a file.
   *
   * @param next the number of the next part; null for the last
   */
  record Text(String text, int repeated, Integer next) {}

  /**
   * Parts of the text of a file in their order, from one on.
   *
   * @param bytes no part follows once the parts have this many; the last may exceed them
   */
  List<Text> texts(String content, int from, int limit, long bytes) {
    return jdbc.list(
        """
        SELECT text, repeated, next FROM (
          SELECT part, text, repeated, lead(part) OVER parts AS next,
            sum(octet_length(text)) OVER parts - octet_length(text) AS bytes_before
          FROM vector_store_texts WHERE content = ? AND part >= ?
          WINDOW parts AS (ORDER BY part) ORDER BY part LIMIT ?) t
        WHERE bytes_before < ? ORDER BY part
        """,
        row -> new Text(row.text("text"), row.integer("repeated"), row.integer("next")),
        content,
        from,
        limit,
        bytes);
  }

  static FileCounts counts(Row row) throws SQLException {
    return new FileCounts(
        row.integer("in_progress"),
        row.integer("completed"),
        row.integer("failed"),
        row.integer("cancelled"));
  }

  private static StoreFile read(Row row) throws SQLException {
    return new StoreFile(
        row.text("id", FileId::new),
        row.text("store_id", VectorStoreId::new),
        row.instant("created_at"),
        row.enumValue("status", FileStatus.class),
        row.json("last_error", StoreFile.LastError.class),
        row.json("attributes", Attributes.class),
        strategy(row),
        row.bigint("usage_bytes"),
        row.text("content"));
  }
}
