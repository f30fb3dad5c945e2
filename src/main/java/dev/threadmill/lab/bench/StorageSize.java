package dev.threadmill.lab.bench;

import java.sql.Connection;
import java.sql.SQLException;

/** Measures the bytes per message and per run in the database, with all indexes. */
record StorageSize(BenchEnvironment environment) {
  void measure(Report report) throws SQLException {
    try (var database = environment.connect()) {
      row(
          report,
          "database bytes per message",
          perRow(database, "messages", "messages"),
          perRow(database, "bench.messages", "bench.messages"));
      row(
          report,
          "database bytes per run and thread, without messages",
          perRow(database, "runs", "runs", "run_steps", "tool_calls", "run_journal", "threads"),
          null);
    }
  }

  private static void row(Report report, String name, Double server, Double control) {
    report.row(name, Report.Unit.COUNT, server, control, Report.Relation.RATIO);
  }

  private static Double perRow(Connection database, String counted, String... tables)
      throws SQLException {
    long bytes = 0;
    for (var table : tables) {
      bytes += queryLong(database, "SELECT pg_total_relation_size('" + table + "')");
    }
    return (double) bytes / queryLong(database, "SELECT count(*) FROM " + counted);
  }

  private static long queryLong(Connection database, String sql) throws SQLException {
    try (var statement = database.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
