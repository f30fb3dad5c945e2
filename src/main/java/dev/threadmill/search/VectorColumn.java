package dev.threadmill.search;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;

/** How the database keeps vectors: as halfvec and in an HNSW index, if pgvector is there. */
@ApplicationScoped
public class VectorColumn {
  private static final String ASKED =
      """
      SELECT format_type(a.atttypid, NULL) AS type,
        EXISTS (SELECT 1 FROM pg_am WHERE amname = 'hnsw') AS indexed
      FROM pg_attribute a
      WHERE a.attrelid = 'memory_index'::regclass AND a.attname = 'embedding'
      """;

  private final Jdbc jdbc;
  private volatile Kind kind;

  /** For a database. */
  public VectorColumn(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * @param type name of the column's type
   * @param indexed whether there are HNSW indexes
   */
  public record Kind(String type, boolean indexed) {}

  /** How they are kept; asked of the database once. */
  public Kind kind() {
    return kind == null ? jdbc.inTransaction(this::kind) : kind;
  }

  /** As {@link #kind()}, for who has a transaction at hand, and with it a connection. */
  public Kind kind(Tx tx) {
    if (kind == null) {
      kind = tx.one(ASKED, row -> new Kind(row.text("type"), row.bool("indexed"))).orElseThrow();
    }
    return kind;
  }

  /** The text form of a vector, as the database reads it. */
  public static String literal(float[] vector) {
    if (vector == null) {
      return null;
    }
    var text = new StringBuilder(vector.length * 11).append('[');
    for (int i = 0; i < vector.length; i++) {
      text.append(i == 0 ? "" : ",").append(vector[i]);
    }
    return text.append(']').toString();
  }
}
