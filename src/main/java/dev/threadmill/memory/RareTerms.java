package dev.threadmill.memory;

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
import java.util.Optional;

/**
 * Knows from the database's own statistics which terms are so common that a search for them alone
 * would read half the index. Such terms are searched only together with another one.
 */
@ApplicationScoped
class RareTerms {
  /** The most rows that one branch of a search may read, and all of them together. */
  private static final double MOST_ROWS = 1_000;

  private static final double MOST_ROWS_IN_ALL = 2_000;

  private static final Duration KEPT = Duration.ofMinutes(10);

  private final Jdbc jdbc;
  private final InstantSource clock;
  private volatile Statistics statistics = new Statistics(Instant.MIN, 0, Map.of());

  RareTerms(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  private record Statistics(Instant at, double rows, Map<String, Double> common) {
    double rowsWith(String term) {
      return rows * common.getOrDefault(term, 0.0);
    }
  }

  private record Common(String term, double frequency) {}

  /** A search for rare terms by themselves and for common ones in pairs; empty if none is left. */
  Optional<String> selectiveQuery(List<String> terms) {
    var known = statistics();
    var rarestFirst = new ArrayList<>(terms);
    rarestFirst.sort(Comparator.comparingDouble(known::rowsWith));
    var common = new ArrayList<String>();
    var branches = new ArrayList<String>();
    double rows = 0;
    for (var term : rarestFirst) {
      double withTerm = known.rowsWith(term);
      if (withTerm <= MOST_ROWS && rows + withTerm <= MOST_ROWS_IN_ALL) {
        rows += withTerm;
        branches.add(IndexSearch.quoted(term));
      } else {
        common.add(term);
      }
    }
    for (int i = 0; i < common.size(); i++) {
      for (int j = i + 1; j < common.size(); j++) {
        double both =
            known.rowsWith(common.get(i)) * known.rowsWith(common.get(j)) / Math.max(1, known.rows);
        if (both <= MOST_ROWS && rows + both <= MOST_ROWS_IN_ALL) {
          rows += both;
          branches.add(
              "(%s & %s)"
                  .formatted(IndexSearch.quoted(common.get(i)), IndexSearch.quoted(common.get(j))));
        }
      }
    }
    return branches.isEmpty() ? Optional.empty() : Optional.of(String.join(" | ", branches));
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
                row -> row.number("rows"))
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
            row -> new Common(row.text("term"), row.number("frequency")))
        .forEach(each -> common.put(each.term(), each.frequency()));
    return new Statistics(clock.instant(), Math.max(0, rows), Map.copyOf(common));
  }
}
