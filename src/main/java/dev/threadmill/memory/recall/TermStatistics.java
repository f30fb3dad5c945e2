package dev.threadmill.memory.recall;

import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Knows from the database's own statistics which terms are so common that a search for them alone
 * would read half the index. Such terms are searched only together with another one.
 */
@ApplicationScoped
public class TermStatistics {
  /** The most rows that one query may read by the estimate, and that all of them together may. */
  private static final double MOST_ROWS = 600;

  private static final int MOST_ROWS_IN_ALL = 1_200;
  private static final int MOST_QUERIES = 8;

  private static final Duration KEPT = Duration.ofMinutes(10);

  private final Jdbc jdbc;
  private final InstantSource clock;
  private volatile Statistics statistics = new Statistics(Instant.MIN, 0, Map.of());

  /** For a database, whose statistics are read again when they are old. */
  public TermStatistics(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  private record Statistics(Instant at, double rows, Map<String, Double> common) {
    double rowsWith(String term) {
      return rows * common.getOrDefault(term, 0.0);
    }
  }

  private record Common(String term, double frequency) {}

  private record Selective(String query, double rows) {}

  /**
   * Searches for rare terms by themselves and for common ones in pairs, the most selective ones
   * first, as far as they may be read.
   */
  List<String> selectiveQueries(List<String> terms) {
    var known = statistics();
    var all = new ArrayList<Selective>();
    var common = new ArrayList<String>();
    for (var term : terms) {
      double rows = known.rowsWith(term);
      if (rows <= MOST_ROWS) {
        all.add(new Selective(EntrySql.quoted(term), rows));
      } else {
        common.add(term);
      }
    }
    for (int i = 0; i < common.size(); i++) {
      for (int j = i + 1; j < common.size(); j++) {
        all.add(
            new Selective(
                EntrySql.quoted(common.get(i)) + " & " + EntrySql.quoted(common.get(j)),
                known.rowsWith(common.get(i)) * known.rowsWith(common.get(j)) / known.rows));
      }
    }
    all.sort(Comparator.comparingDouble(Selective::rows));
    var chosen = new ArrayList<String>();
    double rows = 0;
    for (var each : all) {
      rows += each.rows();
      if (each.rows() > MOST_ROWS || rows > MOST_ROWS_IN_ALL || chosen.size() == MOST_QUERIES) {
        break;
      }
      chosen.add(each.query());
    }
    return chosen;
  }

  /** How many rows each of so many queries may read, whatever the estimate said. */
  int mostRows(int queries) {
    return MOST_ROWS_IN_ALL / queries;
  }

  private Statistics statistics() {
    var known = statistics;
    if (known.at.plus(KEPT).isBefore(clock.instant())) {
      known = read();
      statistics = known;
    }
    return known;
  }

  private Statistics read() {
    double rows =
        jdbc.one(
                "SELECT reltuples AS rows FROM pg_class WHERE oid = 'memory_index'::regclass",
                row -> row.float8("rows"))
            .orElse(0.0);
    var common = new HashMap<String, Double>();
    jdbc.list(
            """
            SELECT t.term, t.frequency FROM pg_stats s,
              unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs)
                AS t (term, frequency)
            WHERE s.schemaname = current_schema() AND s.tablename = 'memory_index'
              AND s.attname = 'terms' AND t.term IS NOT NULL
            """,
            row -> new Common(row.text("term"), row.float8("frequency")))
        .forEach(each -> common.put(each.term(), each.frequency()));
    return new Statistics(clock.instant(), Math.max(0, rows), Map.copyOf(common));
  }
}
