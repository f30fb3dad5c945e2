package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.recall.Candidate;
import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.search.VectorColumn;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** Writes the index. */
@ApplicationScoped
public class IndexStore {
  private final VectorColumn vectors;

  public IndexStore(VectorColumn vectors) {
    this.vectors = vectors;
  }

  /**
   * A piece of a text, ready to be found.
   *
   * @param saidAt when the text says that it was said; null if it does not say so
   * @param vector null if the model could not embed it
   */
  record Entry(
      ProjectId project,
      ThreadId thread,
      Candidate.SourceType type,
      String sourceId,
      int chunk,
      String model,
      String assistantId,
      String userId,
      Instant createdAt,
      Instant originalTime,
      int startOffset,
      int endOffset,
      TextFeatures features,
      Collection<String> terms,
      float[] vector) {}

  /**
   * Writes entries, in place of what stood there. An entry whose message was deleted meanwhile is
   * not written; one that is about to be deleted waits for that.
   */
  void write(Tx tx, List<Entry> entries) {
    tx.batch(
        """
        INSERT INTO memory_index (thread_id, source_id, part, model, project_id, assistant_id,
          user_id, source_type, begins, ends, created_at, said_at, traits, terms, embedding)
        SELECT s.thread_id, s.id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, array_to_tsvector(?), ?::%s
        FROM (SELECT thread_id, id FROM messages WHERE thread_id = ? AND id = ? FOR KEY SHARE) s
        ON CONFLICT (thread_id, source_id, part, model) DO UPDATE SET
          assistant_id = excluded.assistant_id, user_id = excluded.user_id,
          begins = excluded.begins, ends = excluded.ends, said_at = excluded.said_at,
          traits = excluded.traits,
          terms = excluded.terms, embedding = excluded.embedding
        """
            .formatted(vectors.kind(tx).type()),
        entries.stream()
            .map(
                e ->
                    new Object[] {
                      e.chunk(),
                      e.model(),
                      e.project(),
                      e.assistantId(),
                      e.userId(),
                      e.type(),
                      e.startOffset(),
                      e.endOffset(),
                      e.createdAt(),
                      e.originalTime(),
                      e.features().bits(),
                      e.terms(),
                      VectorColumn.literal(e.vector()),
                      e.thread(),
                      e.sourceId()
                    })
            .toList());
  }

  /** Writes the entries of facts, which are written or deleted together with their facts. */
  void writeFacts(Tx tx, List<Entry> entries) {
    tx.batch(
        """
        INSERT INTO memory_index (thread_id, source_id, part, model, project_id, assistant_id,
          user_id, source_type, begins, ends, created_at, traits, terms, embedding)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, array_to_tsvector(?), ?::%s)
        ON CONFLICT (thread_id, source_id, part, model) DO UPDATE SET ends = excluded.ends,
          traits = excluded.traits, terms = excluded.terms, embedding = excluded.embedding
        """
            .formatted(vectors.kind(tx).type()),
        entries.stream()
            .map(
                e ->
                    new Object[] {
                      e.thread(),
                      e.sourceId(),
                      e.chunk(),
                      e.model(),
                      e.project(),
                      e.assistantId(),
                      e.userId(),
                      e.type(),
                      e.startOffset(),
                      e.endOffset(),
                      e.createdAt(),
                      e.features().bits(),
                      e.terms(),
                      VectorColumn.literal(e.vector())
                    })
            .toList());
  }

  /**
   * Drops what is left of an older form of messages: other models' entries, and surplus parts.
   *
   * @param messages of each the thread, the id, how many parts it has, and the model
   */
  void deleteOutdated(Tx tx, List<Object[]> messages) {
    tx.batch(
        """
        DELETE FROM memory_index
        WHERE thread_id = ? AND source_id = ? AND (part >= ? OR model <> ?)
        """,
        messages);
  }

  /** Tells a thread's entries whose assistant was not known yet. */
  void setAssistant(Tx tx, ThreadId thread, String assistantId) {
    tx.update(
        "UPDATE memory_index SET assistant_id = ? WHERE thread_id = ? AND assistant_id IS NULL",
        assistantId,
        thread);
  }
}
