package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.db.Tx;
import dev.threadmill.search.IndexDocument;
import dev.threadmill.search.TermAnalyzer;
import dev.threadmill.search.TermFrequency;
import dev.threadmill.vectorstores.StoreEmbeddings;
import dev.threadmill.vectorstores.ingestion.ContentTexts.StoredChunk;
import dev.threadmill.vectorstores.ingestion.IngestionQueue.ClaimedFile;
import dev.threadmill.vectorstores.search.StoreIndex;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/** Writes the chunks of files to the index. */
@ApplicationScoped
class IndexChunks {
  /** Chunks have some hundred terms; the index distinguishes forty lengths. */
  private static final int TERMS_PER_LENGTH = 16;

  private final StoreIndex index;
  private final StoreEmbeddings embeddings;

  IndexChunks(StoreIndex index, StoreEmbeddings embeddings) {
    this.index = index;
    this.embeddings = embeddings;
  }

  /**
   * The document of some chunks of a file.
   *
   * @param indexed what is embedded and analyzed of each chunk
   * @param vectors of the chunks; null for one that could not be embedded
   */
  IndexDocument document(
      ClaimedFile claimed, List<StoredChunk> chunks, List<String> indexed, List<float[]> vectors) {
    var entries = new ArrayList<IndexDocument.Chunk>();
    for (int i = 0; i < chunks.size(); i++) {
      var text = chunks.get(i).text();
      var terms = TermAnalyzer.terms(indexed.get(i));
      entries.add(
          new IndexDocument.Chunk(
              0,
              text.codePointCount(0, text.length()),
              0,
              Math.ceilDiv(terms.size(), TERMS_PER_LENGTH),
              TermFrequency.forms(terms),
              vectors.get(i)));
    }
    return new IndexDocument(
        claimed.store().value(),
        claimed.file().value(),
        List.of(claimed.content()),
        embeddings.name(),
        claimed.createdAt(),
        null,
        entries);
  }

  /** Writes chunks of a file. */
  void insert(Tx tx, IndexDocument document, List<StoredChunk> chunks) {
    index.append(tx, document, chunks.stream().map(StoredChunk::part).toList());
  }

  /** Removes the entries that a file has of another content or model. */
  void removeOutdated(Tx tx, ClaimedFile claimed) {
    tx.update(
        """
        DELETE FROM vector_store_index
        WHERE store_id = ? AND source_id = ? AND (content <> ? OR model <> ?)
        """,
        claimed.store(),
        claimed.file(),
        claimed.content(),
        embeddings.name());
  }

  /** Copies entries that other stores or files have of the same content. Returns how many. */
  int copy(Tx tx, ClaimedFile claimed, int limit) {
    return tx.update(
        """
        INSERT INTO vector_store_index (store_id, source_id, part, model, content, begins, ends,
          created_at, traits, analyzer, terms, embedding)
        SELECT DISTINCT ON (i.part) ?, ?, i.part, i.model, i.content, i.begins, i.ends, ?, i.traits,
          i.analyzer, i.terms, i.embedding
        FROM vector_store_index i
        WHERE i.content = ? AND i.model = ? AND i.analyzer = ? AND NOT EXISTS (
          SELECT 1 FROM vector_store_index o
          WHERE o.store_id = ? AND o.source_id = ? AND o.part = i.part AND o.model = i.model)
        ORDER BY i.part LIMIT ?
        ON CONFLICT DO NOTHING
        """,
        claimed.store(),
        claimed.file(),
        claimed.createdAt(),
        claimed.content(),
        embeddings.name(),
        TermAnalyzer.VERSION,
        claimed.store(),
        claimed.file(),
        limit);
  }
}
