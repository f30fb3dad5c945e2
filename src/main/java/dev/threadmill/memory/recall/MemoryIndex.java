package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.search.Hits;
import dev.threadmill.search.IndexDocument;
import dev.threadmill.search.IndexLimits;
import dev.threadmill.search.IndexTable;
import dev.threadmill.search.PostgresTextIndex;
import dev.threadmill.search.QueryVector;
import dev.threadmill.search.SearchScope;
import dev.threadmill.search.TextQuery;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;

/**
 * The index of messages and facts. The group of an entry is its thread; its owners are the project,
 * the assistant and the user whose scopes it belongs to.
 */
@ApplicationScoped
public class MemoryIndex {
  private static final IndexTable TABLE =
      new IndexTable(
          "memory_index",
          "memory_losses",
          "thread_id",
          List.of("project_id", "assistant_id", "user_id", "source_type"),
          "(i.source_type = 'fact')::integer << " + TextFeatures.FACT_SHIFT,
          false,
          new IndexTable.Adjacency(
              """
              (SELECT b.id FROM messages b
               WHERE h.source_type = 'message' AND b.thread_id = h.thread_id
                 AND (b.created_at, b.id) < (h.created_at, h.source_id)
               ORDER BY b.created_at DESC, b.id DESC LIMIT 1)
              UNION ALL
              (SELECT a.id FROM messages a
               WHERE h.source_type = 'message' AND a.thread_id = h.thread_id
                 AND (a.created_at, a.id) > (h.created_at, h.source_id)
               ORDER BY a.created_at, a.id LIMIT 1)\
              """,
              1 << TextFeatures.FACT_SHIFT));

  /** Threads are read whole up to this size: the ranking needs all neighbours and frequencies. */
  private static final int MAX_THREAD_READ_WHOLE = 20_000;

  /** The number of candidates by meaning, and the number by words, in larger scopes. */
  private static final int CANDIDATES_PER_METHOD = 50;

  /** What an entry takes in the heap besides its vector. */
  private static final int BYTES_PER_ENTRY = 350;

  private final PostgresTextIndex index;
  private final RecallConfig config;

  public MemoryIndex(Jdbc jdbc, Embeddings embeddings, RecallConfig config, InstantSource clock) {
    this.config = config;
    this.index =
        new PostgresTextIndex(
            jdbc,
            TABLE,
            embeddings,
            new IndexLimits(
                config.compareAll(), config.keepFrom(), BYTES_PER_ENTRY, config.keepPercent()),
            clock);
  }

  /** Searches a scope. */
  public Hits search(MemoryScope scope, TextQuery query, QueryVector vector)
      throws InterruptedException {
    return index.search(
        switch (scope) {
          case MemoryScope.OfThread(_, var thread) ->
              new SearchScope("i.thread_id = ?", List.of(thread), MAX_THREAD_READ_WHOLE, false);
          case MemoryScope.OfAssistant(var project, var assistant) ->
              ofManyThreads("assistant_id", List.of(project, assistant));
          case MemoryScope.OfUser(var project, var user) ->
              ofManyThreads("user_id", List.of(project, user));
        },
        null,
        query,
        vector,
        CANDIDATES_PER_METHOD);
  }

  private SearchScope ofManyThreads(String column, List<Object> owner) {
    return new SearchScope(
        "i.project_id = ? AND i.%s = ?".formatted(column), owner, config.readWhole(), true);
  }

  /** Writes documents, in place of what the index had of their messages or facts. */
  public void upsert(Tx tx, List<IndexDocument> documents) {
    index.upsert(tx, documents);
  }

  /** Removes messages or facts. */
  public void remove(Tx tx, ThreadId thread, Collection<String> sourceIds) {
    index.remove(tx, thread.value(), sourceIds);
  }

  /** Sets the assistant of a thread's entries that have none. */
  public void setAssistant(Tx tx, ThreadId thread, String assistantId) {
    tx.update(
        "UPDATE memory_index SET assistant_id = ? WHERE thread_id = ? AND assistant_id IS NULL",
        assistantId,
        thread);
  }

  /** The maintenance that is due about once a minute. */
  public void maintain() {
    index.sweepTombstones();
    index.createVectorIndex();
  }

  /** The number of entries that this node keeps in its heap. */
  public long heapEntries() {
    return index.heapEntries();
  }
}
