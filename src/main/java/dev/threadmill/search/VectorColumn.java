package dev.threadmill.search;

import com.pgvector.PGhalfvec;
import com.pgvector.PGvector;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import java.util.Locale;
import org.postgresql.util.PGobject;

/**
 * The vectors of an index table: {@code halfvec} with HNSW indexes where pgvector is installed,
 * else {@code vector} without an index.
 */
final class VectorColumn {
  private static final int MAX_INDEX_NAME = 60;

  private final Jdbc jdbc;
  private final IndexTable table;
  private volatile Kind kind;
  private volatile String indexedModel;

  VectorColumn(Jdbc jdbc, IndexTable table) {
    this.jdbc = jdbc;
    this.table = table;
  }

  /**
   * The kind of the column.
   *
   * @param type name of the column's type
   * @param isIndexable whether the database has HNSW indexes
   */
  record Kind(String type, boolean isIndexable) {
    private static final String HALFVEC = "halfvec";

    boolean isHalfvec() {
      return type.equals(HALFVEC);
    }

    /** A vector as a parameter of a statement; null stays null. */
    PGobject param(float[] vector) {
      if (vector == null) {
        return null;
      }
      return isHalfvec() ? new PGhalfvec(vector) : new PGvector(vector);
    }
  }

  /** The kind of the column, which the database is asked for once. */
  Kind kind() {
    return kind == null ? jdbc.inTransaction(this::kind) : kind;
  }

  /** As {@link #kind()}, for callers that have a connection. */
  Kind kind(Tx tx) {
    if (kind == null) {
      kind =
          tx.one(
                  """
                  SELECT format_type(a.atttypid, NULL) AS type,
                    EXISTS (SELECT 1 FROM pg_am WHERE amname = 'hnsw') AS indexable
                  FROM pg_attribute a
                  WHERE a.attrelid = '%s'::regclass AND a.attname = 'embedding'
                  """
                      .formatted(table.name()),
                  row -> new Kind(row.text("type"), row.bool("indexable")))
              .orElseThrow();
    }
    return kind;
  }

  /** Creates the HNSW index of a model, unless it exists or the database has none. */
  void createIndex(String model, int dimensions) {
    if (model.equals(indexedModel) || !kind().isIndexable()) {
      return;
    }
    var name = table.name() + "_" + model.replaceAll("[^A-Za-z0-9]", "_").toLowerCase(Locale.ROOT);
    jdbc.update(
        """
        CREATE INDEX IF NOT EXISTS %s ON %s
        USING hnsw ((embedding::%s(%d)) %s_cosine_ops) WHERE model = '%s'
        """
            .formatted(
                name.substring(0, Math.min(MAX_INDEX_NAME, name.length())),
                table.name(),
                kind().type(),
                dimensions,
                kind().type(),
                model.replace("'", "''")));
    indexedModel = model;
  }
}
