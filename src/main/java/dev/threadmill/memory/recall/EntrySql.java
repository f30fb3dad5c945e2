package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Row;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The parts of statements that read entries of the index, aliased {@code i}, as candidates: what is
 * asked stands in a row {@code q}, so that it is evaluated once and not for each entry.
 */
final class EntrySql {
  /** When an entry's text was written, in microseconds. */
  static final String CREATED = Row.asMicros("i.created_at");

  private final MemoryQuery question;
  private final Embeddings embeddings;
  private final VectorColumn vectors;

  EntrySql(MemoryQuery question, Embeddings embeddings, VectorColumn vectors) {
    this.question = question;
    this.embeddings = embeddings;
    this.vectors = vectors;
  }

  /** The row {@code q}. Its parameters are {@link #params}. */
  String queryCte() {
    var cte =
        new StringBuilder("WITH q AS MATERIALIZED (SELECT ?::")
            .append(vectors.kind().type())
            .append(" AS vector, ?::text AS model, ?::tsquery AS any_term");
    for (int i = 0; i < question.terms().size(); i++) {
      cte.append(", ?::tsquery AS term_").append(i);
    }
    return cte.append(") ").toString();
  }

  /**
   * The parameters of {@link #queryCte}, a list that may be added to.
   *
   * @param vector null if it is not known, or not needed
   */
  List<Object> params(float[] vector) {
    var params = new ArrayList<Object>();
    params.add(VectorColumn.literal(vector));
    params.add(embeddings.name());
    var terms = question.terms().stream().map(EntrySql::tsquery).toList();
    params.add(String.join(" | ", terms));
    params.addAll(terms);
    return params;
  }

  /**
   * What a candidate is made of, but for its similarity. Thousands of rows may have to come over,
   * so what is small comes together in one number, and what is the same everywhere not at all.
   */
  String columns() {
    return """
    i.thread_id, i.source_id, nullif(i.model, q.model) AS other_model, %s AS created,
      %s AS said,
      i.traits::bigint | ((i.source_type = 'fact')::integer::bigint << %d)
        | ((%s)::bigint << %d) | (i.part::bigint << %d) AS packed,
      (i.begins::bigint << 32) | i.ends AS place\
    """
        .formatted(
            CREATED,
            Row.asMicros("i.said_at"),
            Reader.FACT_SHIFT,
            matches(),
            Reader.MATCHES_SHIFT,
            Reader.PART_SHIFT);
  }

  /** The cosine, since vectors have the length one; null where there is no comparable vector. */
  static String similarity() {
    return "CASE WHEN i.model = q.model THEN -(i.embedding <#> q.vector) END";
  }

  /** Which terms an entry has, a bit each; looked at closely only where it has any. */
  String matches() {
    if (question.terms().isEmpty()) {
      return "0";
    }
    var bits = new ArrayList<String>();
    for (int i = 0; i < question.terms().size(); i++) {
      bits.add("CASE WHEN i.terms @@ q.term_%d THEN %d ELSE 0 END".formatted(i, 1 << i));
    }
    return "CASE WHEN i.terms @@ q.any_term THEN " + String.join(" + ", bits) + " ELSE 0 END";
  }

  /** The model's name within a statement, so that its partial index can be used. */
  String model() {
    return "'" + embeddings.name().replace("'", "''") + "'";
  }

  private static String tsquery(String term) {
    var forms = TermQuery.of(term);
    return quoted(forms.text()) + (forms.isPrefix() ? ":*" : "");
  }

  static String anyTerm(List<String> terms) {
    return terms.stream().map(EntrySql::quoted).collect(Collectors.joining(" | "));
  }

  /** A term as the text form of a query has it. */
  static String quoted(String term) {
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'";
  }

  /** Makes candidates of rows, thousands at a time: what repeats is made once. */
  final class Reader {
    /** Traits have the bits below; the terms that match have as many as a question has terms. */
    private static final int FACT_SHIFT = 16;

    private static final int MATCHES_SHIFT = 17;
    private static final int PART_SHIFT = MATCHES_SHIFT + MemoryQuery.MAX_TERMS;

    private String lastThread = "";
    private ThreadId thread;

    /** A candidate whose similarity is in the row. */
    Candidate read(Row row) throws SQLException {
      return read(row, row.float8("similarity"));
    }

    /** A candidate whose similarity is not in the row. */
    Candidate read(Row row, Double similarity) throws SQLException {
      var threadText = row.text("thread_id");
      if (!threadText.equals(lastThread)) {
        lastThread = threadText;
        thread = new ThreadId(threadText);
      }
      var otherModel = row.text("other_model");
      long packed = row.bigint("packed");
      long place = row.bigint("place");
      return new Candidate(
          thread,
          (packed >>> FACT_SHIFT & 1) == 0
              ? Candidate.SourceType.MESSAGE
              : Candidate.SourceType.FACT,
          row.text("source_id"),
          (int) (packed >>> PART_SHIFT),
          otherModel == null ? embeddings.name() : otherModel,
          row.instantFromMicros("created"),
          new TextFeatures((int) (packed & (1 << FACT_SHIFT) - 1)),
          (int) (place >>> 32),
          (int) place,
          row.instantFromMicros("said"),
          similarity,
          (int) (packed >>> MATCHES_SHIFT & (1 << MemoryQuery.MAX_TERMS) - 1));
    }
  }
}
