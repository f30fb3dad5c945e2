package dev.threadmill.search;

import dev.threadmill.db.Row;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts of statements that read entries of an index, aliased {@code i}, as hits. The query is a
 * row {@code q}, so that PostgreSQL parses it once and not for each entry.
 */
final class EntrySql {
  /** The creation time of an entry, in microseconds. */
  static final String CREATED = Row.asMicros("i.created_at");

  private final IndexTable table;
  private final TextQuery query;
  private final EmbeddingModel embeddings;
  private final VectorColumn vectors;

  EntrySql(IndexTable table, TextQuery query, EmbeddingModel embeddings, VectorColumn vectors) {
    this.table = table;
    this.query = query;
    this.embeddings = embeddings;
    this.vectors = vectors;
  }

  /** A frequency of terms that the index holds. */
  private record Level(String name, String prefix) {}

  private static final List<Level> LEVELS =
      List.of(
          new Level("twice", TermFrequency.TWICE_PREFIX),
          new Level("often", TermFrequency.OFTEN_PREFIX));

  private List<Level> levels() {
    return table.countsTerms() && !query.terms().isEmpty() ? LEVELS : List.of();
  }

  /** The common table expression {@code q}. Its parameters are {@link #params}. */
  String queryCte() {
    var cte =
        new StringBuilder("WITH q AS MATERIALIZED (SELECT ?::")
            .append(vectors.kind().type())
            .append(" AS vector, ?::text AS model, ?::tsquery AS any_term");
    for (int i = 0; i < query.terms().size(); i++) {
      cte.append(", ?::tsquery AS term_").append(i);
    }
    for (var level : levels()) {
      cte.append(", ?::tsquery AS any_").append(level.name());
      for (int i = 0; i < query.terms().size(); i++) {
        cte.append(", ?::tsquery AS ").append(level.name()).append('_').append(i);
      }
    }
    return cte.append(") ").toString();
  }

  /**
   * The parameters of {@link #queryCte}, a list that may be added to.
   *
   * @param vector null if it is unknown or not needed
   */
  List<Object> params(float[] vector) {
    var params = new ArrayList<Object>();
    params.add(vectors.kind().param(vector));
    params.add(embeddings.name());
    params.add(query.tsquery());
    query.terms().forEach(term -> params.add(term.tsquery()));
    for (var level : levels()) {
      var terms = query.withPrefix(level.prefix());
      params.add(terms.tsquery());
      terms.terms().forEach(term -> params.add(term.tsquery()));
    }
    return params;
  }

  /**
   * The columns of a hit except its similarity. A search reads thousands of rows, so small values
   * share one number and the usual model name is not sent.
   */
  String columns() {
    return """
    i.%s AS entry_group, i.source_id, nullif(i.model, q.model) AS other_model, %s AS created,
      %s AS said,
      i.traits::bigint | (%s)::bigint | ((%s)::bigint << %d) | (i.part::bigint << %d) AS packed,
      (i.begins::bigint << 32) | i.ends AS offsets, %s AS twice, %s AS often\
    """
        .formatted(
            table.group(),
            CREATED,
            Row.asMicros("i.said_at"),
            table.extraFlags(),
            matches(),
            Reader.MATCHES_SHIFT,
            Reader.CHUNK_SHIFT,
            levels().isEmpty() ? "0" : matches("any_twice", "twice_"),
            levels().isEmpty() ? "0" : matches("any_often", "often_"));
  }

  /** The cosine, since vectors have length one; null where the vectors do not compare. */
  static String similarity() {
    return "CASE WHEN i.model = q.model THEN -(i.embedding <#> q.vector) END";
  }

  /** The terms that an entry has, a bit each; tested one by one only where it has any. */
  String matches() {
    return query.terms().isEmpty() ? "0" : matches("any_term", "term_");
  }

  private String matches(String any, String each) {
    var bits = new ArrayList<String>();
    for (int i = 0; i < query.terms().size(); i++) {
      bits.add("CASE WHEN i.terms @@ q.%s%d THEN %d ELSE 0 END".formatted(each, i, 1 << i));
    }
    return "CASE WHEN i.terms @@ q.%s THEN %s ELSE 0 END".formatted(any, String.join(" + ", bits));
  }

  /** The model's name as a literal: a parameter would rule out the model's partial index. */
  String model() {
    return "'" + embeddings.name().replace("'", "''") + "'";
  }

  /** Makes hits of rows, thousands at a time: values that repeat share one object. */
  final class Reader {
    private static final int LENGTH_SHIFT = 8;
    private static final int MATCHES_SHIFT = 16;
    private static final int CHUNK_SHIFT = MATCHES_SHIFT + TextQuery.MAX_TERMS;

    private String lastGroup = "";
    private String lastSource = "";
    private Instant lastCreated = Instant.EPOCH;

    /** A hit whose similarity is in the row. */
    Hit read(Row row) throws SQLException {
      return read(row, row.float8("similarity"));
    }

    /** A hit whose similarity is not in the row. */
    Hit read(Row row, Double similarity) throws SQLException {
      var group = row.text("entry_group");
      if (!group.equals(lastGroup)) {
        lastGroup = group;
      }
      var source = row.text("source_id");
      if (!source.equals(lastSource)) {
        lastSource = source;
      }
      var created = row.instantFromMicros("created");
      if (!created.equals(lastCreated)) {
        lastCreated = created;
      }
      var otherModel = row.text("other_model");
      long packed = row.bigint("packed");
      long offsets = row.bigint("offsets");
      return new Hit(
          lastGroup,
          lastSource,
          (int) (packed >>> CHUNK_SHIFT),
          otherModel == null ? embeddings.name() : otherModel,
          lastCreated,
          (int) (packed & (1 << LENGTH_SHIFT) - 1),
          (int) (packed >>> LENGTH_SHIFT & (1 << MATCHES_SHIFT - LENGTH_SHIFT) - 1),
          (int) (offsets >>> 32),
          (int) offsets,
          row.instantFromMicros("said"),
          similarity,
          (int) (packed >>> MATCHES_SHIFT & (1 << TextQuery.MAX_TERMS) - 1),
          row.integer("twice"),
          row.integer("often"));
    }
  }
}
