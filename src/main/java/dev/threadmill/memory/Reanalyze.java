package dev.threadmill.memory;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.search.IndexDocument;
import dev.threadmill.search.TermAnalyzer;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Updates the terms of entries that an earlier version of the analyzer made, some at a time.
 * Entries whose terms are the same in the present version are not written: a rewritten row takes an
 * insertion into each index, the HNSW graph included. Vectors stay as they are.
 */
@ApplicationScoped
class Reanalyze {
  private static final Logger LOG = Logger.getLogger(Reanalyze.class);
  private static final int BATCH = 500;

  private static final String ENTRIES =
      """
      SELECT i.thread_id, i.source_id, i.part, i.model, i.traits,
        array_to_string(tsvector_to_array(i.terms), ' ') AS terms,
        CASE i.source_type
          WHEN 'fact' THEN (
            SELECT f.text FROM memory_facts f
            WHERE f.thread_id = i.thread_id AND f.id = i.source_id)
          ELSE (
            SELECT substr(message_text(m.content), i.begins + 1, i.ends - i.begins)
            FROM messages m WHERE m.thread_id = i.thread_id AND m.id = i.source_id)
          END AS text
      FROM memory_index i
      """;

  private final Jdbc jdbc;
  private boolean isDone;

  Reanalyze(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  private record Key(String thread, String source, int chunk, String model) {
    static Key of(Row row) throws SQLException {
      return new Key(
          row.text("thread_id"), row.text("source_id"), row.integer("part"), row.text("model"));
    }
  }

  /**
   * @param text null if the source was deleted
   */
  private record Entry(Key key, int traits, Set<String> terms, String text) {
    static Entry of(Row row) throws SQLException {
      return new Entry(
          Key.of(row),
          row.integer("traits"),
          row.text("terms").isEmpty() ? Set.of() : Set.of(row.text("terms").split(" ")),
          row.text("text"));
    }
  }

  /** Looks at some entries. Returns how many; 0 if all are of the present version. */
  int nextBatch() {
    int unversioned =
        jdbc.inTransaction(
            tx -> {
              var entries =
                  tx.list(
                      ENTRIES + "WHERE i.analyzer IS NULL LIMIT %d".formatted(BATCH), Entry::of);
              return update(tx, entries, true);
            });
    return isDone ? unversioned : unversioned + jdbc.inTransaction(this::continueScan);
  }

  private int continueScan(Tx tx) {
    tx.update(
        "INSERT INTO memory_reanalysis (analyzer) VALUES (?) ON CONFLICT DO NOTHING",
        TermAnalyzer.VERSION);
    var after = lockPosition(tx);
    if (after.isEmpty()) {
      return 0;
    }
    var key = after.get();
    var entries =
        tx.list(
            ENTRIES
                + """
                WHERE (i.thread_id, i.source_id, i.part, i.model) > (?, ?, ?, ?) AND i.analyzer < ?
                ORDER BY i.thread_id, i.source_id, i.part, i.model LIMIT %d
                """
                    .formatted(BATCH),
            Entry::of,
            key.thread(),
            key.source(),
            key.chunk(),
            key.model(),
            TermAnalyzer.VERSION);
    int updated = update(tx, entries, false);
    if (entries.isEmpty()) {
      tx.update(
          "UPDATE memory_reanalysis SET done = true WHERE analyzer = ?", TermAnalyzer.VERSION);
      LOG.infof("reanalyze=done analyzer=%d", TermAnalyzer.VERSION);
      isDone = true;
      return 0;
    }
    var last = entries.getLast().key();
    tx.update(
        """
        UPDATE memory_reanalysis SET thread_id = ?, source_id = ?, part = ?, model = ?
        WHERE analyzer = ?
        """,
        last.thread(),
        last.source(),
        last.chunk(),
        last.model(),
        TermAnalyzer.VERSION);
    LOG.debugf("reanalyze entries=%d updated=%d", entries.size(), updated);
    return entries.size();
  }

  /** The position of the scan; empty if it has ended or another node is at work on it. */
  private Optional<Key> lockPosition(Tx tx) {
    record Position(Key key, boolean done) {}
    var position =
        tx.one(
            "SELECT * FROM memory_reanalysis WHERE analyzer = ? FOR UPDATE SKIP LOCKED",
            row -> new Position(Key.of(row), row.bool("done")),
            TermAnalyzer.VERSION);
    isDone = position.map(Position::done).orElse(false);
    return position.filter(found -> !found.done()).map(Position::key);
  }

  /**
   * Writes the terms of entries, unless the index was updated meanwhile.
   *
   * @param setVersion whether entries with unchanged terms get the present version, too
   */
  private static int update(Tx tx, List<Entry> entries, boolean setVersion) {
    var rows = new ArrayList<Object[]>();
    for (var entry : entries) {
      if (entry.text() == null) {
        continue;
      }
      var terms = TermAnalyzer.terms(entry.text());
      var forms = TermAnalyzer.forms(terms);
      int traits = IndexDocument.withLength(entry.traits(), terms.size());
      if (!setVersion && traits == entry.traits() && new HashSet<>(forms).equals(entry.terms())) {
        continue;
      }
      var key = entry.key();
      rows.add(
          new Object[] {
            forms,
            traits,
            TermAnalyzer.VERSION,
            key.thread(),
            key.source(),
            key.chunk(),
            key.model(),
            TermAnalyzer.VERSION
          });
    }
    tx.batch(
        """
        UPDATE memory_index SET terms = array_to_tsvector(?), traits = ?, analyzer = ?
        WHERE thread_id = ? AND source_id = ? AND part = ? AND model = ?
          AND coalesce(analyzer, 0) < ?
        """,
        rows);
    return rows.size();
  }
}
