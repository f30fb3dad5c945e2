package dev.threadmill.lab.chaos;

import java.sql.Connection;
import java.sql.SQLException;

/** Ends the sessions of a database, as a failover or a pooler does. */
public final class TerminateSessions {
  private TerminateSessions() {}

  /**
   * Ends all sessions of this one's user on its database but this one. What PostgreSQL itself does
   * there, such as vacuuming, nobody but a superuser may end.
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
