package dev.threadmill.lab.bench;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Counters of PostgreSQL that are current; its statistics views lag by seconds.
 *
 * @param commits transactions that wrote something: each was assigned a transaction id
 * @param walBytes bytes of write-ahead log
 */
record DatabaseCounters(long commits, long walBytes) {
  static DatabaseCounters read(Connection database) throws SQLException {
    try (var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
                  pg_current_wal_insert_lsn() - '0/0'::pg_lsn
                """)) {
      rows.next();
      return new DatabaseCounters(rows.getLong(1), rows.getLong(2));
    }
  }

  DatabaseCounters minus(DatabaseCounters other) {
    return new DatabaseCounters(commits - other.commits, walBytes - other.walBytes);
  }
}
