package dev.threadmill.search;

import dev.threadmill.db.Jdbc;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Document frequencies of the terms of an index, from the database's own statistics. A term so
 * common that a search for it alone would read half of the index is searched only together with
 * another one.
 */
final class TermStatistics {
  /** The most rows that one query may read by the estimate. */
  private static final double MAX_ROWS = 600;

  private static final int MAX_ROWS_IN_ALL = 1_200;
  private static final int MAX_QUERIES = 8;

  private static final Duration REFRESH_INTERVAL = Duration.ofMinutes(10);

  private final Jdbc jdbc;
  private final IndexTable table;
  private final InstantSource clock;
  private volatile Statistics statistics = new Statistics(Instant.MIN, 0, Map.of());

  TermStatistics(Jdbc jdbc, IndexTable table, InstantSource clock) {
    this.jdbc = jdbc;
    this.table = table;
    this.clock = clock;
  }

  private record Statistics(Instant at, double rows, Map<String, Double> frequencies) {
    double rowsWith(TermQuery term) {
      double rowsWithAny = 0;
      for (var form : term.forms()) {
        rowsWithAny += rows * frequencies.getOrDefault(form, 0.0);
      }
      return Math.min(rows, rowsWithAny);
    }
  }

  private record TermFrequency(String term, double frequency) {}

  private record Selective(String query, double rows) {}

  /**
   * Queries for rare terms alone and for common ones in pairs, the most selective ones first, as
   * many as may be executed together.
   */
  List<String> selectiveQueries(List<TermQuery> terms) {
    var current = statistics();
    var all = new ArrayList<Selective>();
    var common = new ArrayList<TermQuery>();
    for (var term : terms) {
      double rows = current.rowsWith(term);
      if (rows <= MAX_ROWS) {
        all.add(new Selective(term.exactTsquery(), rows));
      } else {
        common.add(term);
      }
    }
    for (int i = 0; i < common.size(); i++) {
      for (int j = i + 1; j < common.size(); j++) {
        var one = common.get(i);
        var other = common.get(j);
        all.add(
            new Selective(
                "(%s) & (%s)".formatted(one.exactTsquery(), other.exactTsquery()),
                current.rowsWith(one) * current.rowsWith(other) / current.rows));
      }
    }
    all.sort(Comparator.comparingDouble(Selective::rows));
    var chosen = new ArrayList<String>();
    double rows = 0;
    for (var each : all) {
      rows += each.rows();
      if (each.rows() > MAX_ROWS || rows > MAX_ROWS_IN_ALL || chosen.size() == MAX_QUERIES) {
        break;
      }
      chosen.add(each.query());
    }
    return chosen;
  }

  /** How many of so many entries have each term, by its share in the whole index. */
  double[] documentFrequencies(List<TermQuery> terms, long entries) {
    var current = statistics();
    return terms.stream()
        .mapToDouble(term -> current.rowsWith(term) / Math.max(1, current.rows()) * entries)
        .toArray();
  }

  /** The most rows that each of so many queries may read, whatever the estimate says. */
  int maxRows(int queries) {
    return MAX_ROWS_IN_ALL / queries;
  }

  private Statistics statistics() {
    var current = statistics;
    if (current.at.plus(REFRESH_INTERVAL).isBefore(clock.instant())) {
      current = read();
      statistics = current;
    }
    return current;
  }

  private Statistics read() {
    double rows =
        jdbc.one(
                "SELECT reltuples AS rows FROM pg_class WHERE oid = '%s'::regclass"
                    .formatted(table.name()),
                row -> row.float8("rows"))
            .orElse(0.0);
    var frequencies = new HashMap<String, Double>();
    jdbc.list(
            """
            SELECT t.term, t.frequency FROM pg_stats s,
              unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs)
                AS t (term, frequency)
            WHERE s.schemaname = current_schema() AND s.tablename = ?
              AND s.attname = 'terms' AND t.term IS NOT NULL
            """,
            row -> new TermFrequency(row.text("term"), row.float8("frequency")),
            table.name())
        .forEach(each -> frequencies.put(each.term(), each.frequency()));
    return new Statistics(clock.instant(), Math.max(0, rows), Map.copyOf(frequencies));
  }
}
