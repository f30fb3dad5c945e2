package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.chunks.Chunk;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.OptionalInt;

/** The texts of contents, cut into chunks. */
@ApplicationScoped
class ContentTexts {
  private static final int ROWS_PER_BATCH = 500;

  private final Jdbc jdbc;

  ContentTexts(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** A chunk as it is stored. */
  record StoredChunk(int part, String text, String heading) {
    /** What is embedded and analyzed: a chunk is found by its heading, too. */
    String indexedText() {
      return heading == null || text.startsWith(heading) ? text : heading + "\n\n" + text;
    }
  }

  /** The number of chunks; empty if the texts are not stored yet. */
  OptionalInt chunks(String content) {
    return jdbc.one(
            "SELECT chunks FROM vector_store_contents WHERE id = ?",
            row -> row.integer("chunks"),
            content)
        .map(OptionalInt::of)
        .orElseGet(OptionalInt::empty);
  }

  /** Locks the texts against deletion until the transaction ends. False if there are none. */
  boolean lock(Tx tx, String content) {
    return tx.one(
            "SELECT id FROM vector_store_contents WHERE id = ? FOR SHARE",
            row -> row.text("id"),
            content)
        .isPresent();
  }

  /** Writes the texts of a claimed file, in place of what an earlier attempt may have left. */
  void write(Tx tx, IngestionQueue.ClaimedFile claimed, List<Chunk> chunks) {
    tx.update("DELETE FROM vector_store_texts WHERE content = ?", claimed.content());
    for (int from = 0; from < chunks.size(); from += ROWS_PER_BATCH) {
      tx.batch(
          """
          INSERT INTO vector_store_texts
            (content, part, text, repeated, first_page, last_page, heading)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
          chunks.subList(from, Math.min(chunks.size(), from + ROWS_PER_BATCH)).stream()
              .map(
                  chunk ->
                      new Object[] {
                        claimed.content(),
                        chunk.index(),
                        chunk.text(),
                        chunk.repeated(),
                        chunk.firstPage(),
                        chunk.lastPage(),
                        chunk.heading()
                      })
              .toList());
    }
    tx.update(
        """
        INSERT INTO vector_store_contents (id, project_id, chunks, created_at)
        VALUES (?, ?, ?, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET chunks = excluded.chunks
        """,
        claimed.content(),
        claimed.project(),
        chunks.size());
  }

  /** Chunks that the index of a store does not have yet, in their order. */
  List<StoredChunk> missing(IngestionQueue.ClaimedFile claimed, String model, int limit) {
    return jdbc.list(
        """
        SELECT t.part, t.text, t.heading FROM vector_store_texts t
        WHERE t.content = ? AND NOT EXISTS (
          SELECT 1 FROM vector_store_index i
          WHERE i.store_id = ? AND i.source_id = ? AND i.part = t.part AND i.model = ?)
        ORDER BY t.part LIMIT ?
        """,
        row -> new StoredChunk(row.integer("part"), row.text("text"), row.text("heading")),
        claimed.content(),
        claimed.store(),
        claimed.file(),
        model,
        limit);
  }

  /** The bytes of the texts in UTF-8. */
  long bytes(Tx tx, String content) {
    return tx.one(
            "SELECT coalesce(sum(octet_length(text)), 0)::bigint AS bytes FROM vector_store_texts WHERE content = ?",
            row -> row.bigint("bytes"),
            content)
        .orElse(0L);
  }

  /** Deletes texts that no file refers to any more. Returns how many contents. */
  int deleteUnused(int limit) {
    return jdbc.inTransaction(
        tx -> {
          var locked =
              tx.list(
                  """
                  SELECT c.id FROM vector_store_contents c
                  WHERE c.created_at < clock_timestamp() - interval '1 hour' AND NOT EXISTS (
                    SELECT 1 FROM vector_store_files f WHERE f.content = c.id)
                  LIMIT ? FOR UPDATE SKIP LOCKED
                  """,
                  row -> row.text("id"),
                  limit);
          if (locked.isEmpty()) {
            return 0;
          }
          // a file of this content may have been added before the lock was taken
          var unused =
              tx.list(
                  """
                  SELECT c.id FROM vector_store_contents c
                  WHERE c.id = ANY (?) AND NOT EXISTS (
                    SELECT 1 FROM vector_store_files f WHERE f.content = c.id)
                  """,
                  row -> row.text("id"),
                  locked);
          if (!unused.isEmpty()) {
            tx.update("DELETE FROM vector_store_texts WHERE content = ANY (?)", unused);
            tx.update("DELETE FROM vector_store_contents WHERE id = ANY (?)", unused);
          }
          return unused.size();
        });
  }
}
