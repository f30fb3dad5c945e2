package dev.threadmill.db.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * Creates role and database at the first start of a home, and checks at every start which {@code
 * vector} the database has.
 */
record PrepareDatabase(int port, String password, Consumer<String> progress) {
  /** The role of the server. */
  static final String USER = "threadmill";

  static final String DATABASE = "threadmill";

  private static final String FALLBACK_VERSION = "'" + VectorExtension.FALLBACK_VERSION + "'";

  /** Whether the database has pgvector or would get it. */
  boolean prepare() throws SQLException {
    try (Connection admin = connect("postgres", DataDirectory.SUPERUSER)) {
      // No superuser, so that an injected statement reaches neither files nor programs. CREATEDB is
      // for restores and tests.
      if (!exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = '" + USER + "'")) {
        execute(admin, "CREATE ROLE " + USER + " LOGIN CREATEDB PASSWORD '" + password + "'");
      }
      if (!exists(admin, "SELECT 1 FROM pg_database WHERE datname = '" + DATABASE + "'")) {
        execute(admin, "CREATE DATABASE " + DATABASE + " OWNER " + USER);
      }
    }
    try (Connection database = connect(DATABASE, DataDirectory.SUPERUSER)) {
      boolean treeIsReal =
          exists(
              database,
              "SELECT 1 FROM pg_available_extensions WHERE name = 'vector' AND default_version <> "
                  + FALLBACK_VERSION);
      String installed = "SELECT 1 FROM pg_extension WHERE extname = 'vector' AND extversion ";
      boolean usesReal = exists(database, installed + "<> " + FALLBACK_VERSION);
      boolean usesStandIn = exists(database, installed + "= " + FALLBACK_VERSION);
      if (treeIsReal) {
        load(database);
      }
      if (usesReal && !treeIsReal) {
        throw new EmbeddedPostgresException(
            "this database uses pgvector, which is not in the cache and cannot be compiled now");
      }
      if (usesStandIn && treeIsReal) {
        progress.accept("pgvector is available now: converting the vectors from the fallback…");
        return migrateFromFallback(database);
      }
      return treeIsReal;
    }
  }

  /** A cache may have been copied from another machine. */
  private static void load(Connection database) throws SQLException {
    try {
      execute(database, "LOAD 'vector'");
    } catch (SQLException e) {
      throw new EmbeddedPostgresException(
          "the pgvector in the cache does not run on this machine; delete the cache, it is recreated ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /**
   * Converts all vectors through text in one transaction; false if objects of the operator depend
   * on the fallback.
   */
  private boolean migrateFromFallback(Connection database) throws SQLException {
    database.setAutoCommit(false);
    try {
      copyFromFallback(database);
      database.commit();
      return true;
    } catch (SQLException e) {
      database.rollback();
      progress.accept(
          "the vectors stay in the fallback: " + e.getMessage().lines().findFirst().orElse(""));
      return false;
    } finally {
      database.setAutoCommit(true);
    }
  }

  private static void copyFromFallback(Connection database) throws SQLException {
    List<String> toText = new ArrayList<>();
    List<String> toVector = new ArrayList<>();
    try (var statement = database.createStatement();
        var columns =
            statement.executeQuery(
                """
                SELECT format('%s ALTER COLUMN %I TYPE ', a.attrelid::regclass, a.attname),
                       format_type(a.atttypid, a.atttypmod),
                       quote_ident(a.attname)
                  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 WHERE a.atttypid = 'vector'::regtype AND c.relkind IN ('r', 'p')
                   AND a.attinhcount = 0 AND NOT a.attisdropped
                """)) {
      while (columns.next()) {
        String alter = "ALTER TABLE " + columns.getString(1);
        toText.add(alter + "text USING " + columns.getString(3) + "::text");
        String type = columns.getString(2);
        toVector.add(alter + type + " USING " + columns.getString(3) + "::" + type);
      }
    }
    for (String sql : toText) {
      execute(database, sql);
    }
    execute(database, "DROP EXTENSION vector");
    // As the owner of the database, which may then drop the extension; it is trusted.
    execute(database, "SET ROLE " + USER);
    execute(database, "CREATE EXTENSION vector");
    execute(database, "RESET ROLE");
    for (String sql : toVector) {
      execute(database, sql);
    }
  }

  private static boolean exists(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      return rows.next();
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private Connection connect(String database, String user) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("connectTimeout", "10");
    // Not through DriverManager, which sees only drivers of its own class loader.
    return new org.postgresql.Driver().connect(jdbcUrl(port, database), properties);
  }

  static String jdbcUrl(int port, String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }
}
