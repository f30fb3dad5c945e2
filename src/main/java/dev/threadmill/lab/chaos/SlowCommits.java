package dev.threadmill.lab.chaos;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Slows down the commits of transactions that touch a run, as a slow disk or standby would: a
 * deferred trigger waits at the end of the transaction while its locks are held.
 */
public final class SlowCommits {
  private SlowCommits() {}

  /** Installs the trigger, without a delay. */
  public static void install(Connection database) throws SQLException {
    try (var statement = database.createStatement()) {
      statement.execute(
          """
          CREATE TABLE chaos_commits (wait_seconds double precision NOT NULL);
          INSERT INTO chaos_commits VALUES (0);
          CREATE FUNCTION chaos_wait() RETURNS trigger LANGUAGE plpgsql AS $$
          DECLARE wait double precision;
          BEGIN
            SELECT wait_seconds INTO wait FROM chaos_commits;
            IF wait > 0 THEN PERFORM pg_sleep(wait); END IF;
            RETURN NULL;
          END $$;
          CREATE CONSTRAINT TRIGGER chaos_wait AFTER INSERT OR UPDATE ON runs
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_wait();
          """);
    }
  }

  /** Sets the delay in seconds that each change of a run adds to its commit. */
  public static void set(Connection database, double seconds) throws SQLException {
    try (var statement = database.prepareStatement("UPDATE chaos_commits SET wait_seconds = ?")) {
      statement.setDouble(1, seconds);
      statement.executeUpdate();
    }
  }

  /** Removes the trigger. */
  public static void remove(Connection database) throws SQLException {
    try (var statement = database.createStatement()) {
      statement.execute("DROP FUNCTION chaos_wait CASCADE; DROP TABLE chaos_commits");
    }
  }
}
