package dev.threadmill.lab.chaos;

import java.sql.Connection;
import java.sql.SQLException;

/** Terminates the sessions of a database, as a failover or a pooler does. */
public final class TerminateSessions {
  private TerminateSessions() {}

  /**
   * Terminates all sessions of the connection's user on its database, except the connection itself.
   * PostgreSQL's own sessions, such as autovacuum, can be terminated by superusers only.
   */
  public static void allExcept(Connection own) throws SQLException {
    try (var statement = own.createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND usename = current_user"
              + " AND pid <> pg_backend_pid()");
    }
  }
}
