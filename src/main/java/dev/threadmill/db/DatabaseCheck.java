package dev.threadmill.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;

/** Checks at the start whether a Postgres server meets the requirements. */
public final class DatabaseCheck {
  private static final int MIN_MAJOR_VERSION = 15;
  private static final Duration MAX_WAIT = Duration.ofSeconds(10);
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);

  private DatabaseCheck() {}

  /**
   * What is missing, in one line; empty if nothing is. Waits about ten seconds for a server that
   * does not accept connections yet: it is often started together with this one.
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

  /** Whether a retry may succeed, unlike after a wrong password. */
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
      return Optional.of("is a read-only standby; give the address of the primary");
    }
    if (!one(connection, "SHOW server_encoding").equals("UTF8")) {
      return Optional.of("does not store its text as UTF8; create a database WITH ENCODING 'UTF8'");
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

  /** Creates the extension, to find out whether this user may; the migrations need it. */
  private static Optional<String> missingVector(Connection connection) throws SQLException {
    String installed = "SELECT count(*) FROM pg_extension WHERE extname = 'vector'";
    if (!one(connection, installed).equals("0")) {
      return Optional.empty();
    }
    try (var statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      return Optional.empty();
    } catch (SQLException e) {
      // Of two nodes that start together one creates it first; the other one finds it.
      return one(connection, installed).equals("0")
          ? Optional.of(
              "does not allow this user to create the extension; have an administrator run CREATE EXTENSION vector in that database ("
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
