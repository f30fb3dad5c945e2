package dev.threadmill.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;

/** Looks whether a Postgres can carry a Threadmill, before anything is started on it. */
public final class DatabaseCheck {
  private static final int MIN_MAJOR_VERSION = 15;
  private static final Duration MAX_WAIT = Duration.ofSeconds(10);
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);

  private DatabaseCheck() {}

  /**
   * What is in the way, in one line; empty when all is well. Waits about ten seconds for a server
   * that is not up yet: they are often started together.
   */
  public static Optional<String> problem(DatabaseUrl url) throws InterruptedException {
    return problem(url, MAX_WAIT);
  }

  static Optional<String> problem(DatabaseUrl url, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try (Connection connection = connect(url)) {
        return unsuitable(connection).map(why -> url.target() + " " + why);
      } catch (SQLException e) {
        if (!isTransient(e) || System.nanoTime() > end) {
          return Optional.of(url.target() + " does not answer: " + oneLine(e));
        }
      }
      Thread.sleep(RETRY_INTERVAL);
    }
  }

  private static Connection connect(DatabaseUrl url) throws SQLException {
    var properties = new Properties();
    url.user().ifPresent(user -> properties.setProperty("user", user));
    url.password().ifPresent(password -> properties.setProperty("password", password));
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("loginTimeout", "8");
    properties.setProperty("socketTimeout", "10");
    return new org.postgresql.Driver().connect(url.jdbcUrl(), properties);
  }

  /** Not there, or not yet; a wrong password stays wrong. */
  private static boolean isTransient(SQLException e) {
    String state = Optional.ofNullable(e.getSQLState()).orElse("");
    return state.startsWith("08") || state.startsWith("57P") || state.startsWith("53");
  }

  private static Optional<String> unsuitable(Connection connection) throws SQLException {
    String version = one(connection, "SHOW server_version");
    int major = Integer.parseInt(one(connection, "SHOW server_version_num")) / 10_000;
    if (major < MIN_MAJOR_VERSION) {
      return Optional.of(
          "is PostgreSQL " + version + "; Threadmill needs " + MIN_MAJOR_VERSION + " or newer");
    }
    if (one(connection, "SELECT pg_is_in_recovery()::text").equals("true")) {
      return Optional.of("is a standby that cannot be written to; name the primary");
    }
    if (!one(connection, "SHOW server_encoding").equals("UTF8")) {
      return Optional.of("does not keep its text as UTF8; make a database WITH ENCODING 'UTF8'");
    }
    if (one(connection, "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
        .equals("0")) {
      return Optional.of(
          "has no pgvector; install it there (on Debian: apt install postgresql-"
              + major
              + "-pgvector)");
    }
    return missingVector(connection);
  }

  /** The migrations create the extension; that they may is found out by doing it. */
  private static Optional<String> missingVector(Connection connection) throws SQLException {
    String installed = "SELECT count(*) FROM pg_extension WHERE extname = 'vector'";
    if (!one(connection, installed).equals("0")) {
      return Optional.empty();
    }
    try (var statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      return Optional.empty();
    } catch (SQLException e) {
      // Two nodes that start together race for it; the loser finds it there.
      return one(connection, installed).equals("0")
          ? Optional.of(
              "lets us not create the extension; have an administrator run CREATE EXTENSION vector in that database ("
                  + oneLine(e)
                  + ")")
          : Optional.empty();
    }
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static String oneLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
  }
}
