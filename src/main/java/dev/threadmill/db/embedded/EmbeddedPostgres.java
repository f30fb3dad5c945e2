package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Consumer;

/**
 * A PostgreSQL server that is started from the class path, restarted if it ends while this object
 * is open, and stopped with it.
 *
 * <p>A start after a crash of the server, of PostgreSQL or of both yields a running database with
 * every acknowledged commit. If PostgreSQL alone ends, it is restarted on the same port.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  private final PostgresLayout places;
  private final DirectoryLock lock;
  private final PostgresSupervisor server;
  private final String password;
  private boolean hasPgvector;

  /**
   * The options of a start.
   *
   * @param home THREADMILL_HOME
   * @param cache the folder of the binaries and the compiled pgvector
   * @param moreCaches further caches that may hold a compiled pgvector
   * @param vector which {@code vector} extension to install
   * @param timeZone the time zone of the database
   * @param progress receives a line about each slow step
   */
  public record Options(
      Path home,
      Path cache,
      List<Path> moreCaches,
      Vector vector,
      String timeZone,
      Consumer<String> progress) {

    /** All files under this home, pgvector if available, no progress messages. */
    public static Options at(Path home) {
      return new Options(
          home, home.resolve("cache"), List.of(), Vector.PREFER_PGVECTOR, "UTC", line -> {});
    }

    /** The same for another home and the same cache. */
    public Options withHome(Path other) {
      return new Options(other, cache, moreCaches, vector, timeZone, progress);
    }

    /** The same with another cache. */
    public Options withCache(Path other) {
      return new Options(home, other, moreCaches, vector, timeZone, progress);
    }

    /** The same with further caches. */
    public Options withMoreCaches(List<Path> others) {
      return new Options(home, cache, List.copyOf(others), vector, timeZone, progress);
    }

    /** The same with another choice of {@code vector}. */
    public Options withVector(Vector other) {
      return new Options(home, cache, moreCaches, other, timeZone, progress);
    }

    /** The same with another time zone, by its name in the tz database. */
    public Options withTimeZone(String other) {
      return new Options(home, cache, moreCaches, vector, other, progress);
    }

    /** The same with a receiver of progress messages. */
    public Options withProgress(Consumer<String> other) {
      return new Options(home, cache, moreCaches, vector, timeZone, other);
    }
  }

  /** Which {@code vector} extension the database gets. */
  public enum Vector {
    /** pgvector, or the SQL fallback where it cannot be compiled. */
    PREFER_PGVECTOR,
    /** pgvector; without it the start fails. */
    REQUIRE_PGVECTOR,
    /** The SQL fallback, even where pgvector is available. */
    SQL_FALLBACK
  }

  /**
   * Starts the database of a home.
   *
   * @throws EmbeddedPostgresException with one line that names the obstacle
   */
  public static EmbeddedPostgres start(Options options) {
    try {
      PostgresLayout places =
          PostgresLayout.prepare(options.home().toAbsolutePath(), options.cache().toAbsolutePath());
      DirectoryLock lock = lock(options, places);
      try {
        return new EmbeddedPostgres(options, places, lock);
      } catch (IOException | SQLException | InterruptedException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (AccessDeniedException e) {
      throw new EmbeddedPostgresException(
          "THREADMILL_HOME="
              + options.home()
              + " was created by another user, which owns "
              + e.getFile()
              + "; run as that user or set another THREADMILL_HOME",
          e);
    } catch (IOException e) {
      throw new EmbeddedPostgresException(
          "the embedded PostgreSQL in "
              + options.home()
              + " cannot be started: "
              + PostgresLayout.reason(e),
          e);
    } catch (SQLException e) {
      throw new EmbeddedPostgresException(
          "the embedded PostgreSQL in " + options.home() + " cannot be used: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedPostgresException("interrupted while PostgreSQL was starting", e);
    }
  }

  private static DirectoryLock lock(Options options, PostgresLayout places) throws IOException {
    Path file = places.folder().resolve("lock");
    DirectoryLock lock =
        DirectoryLock.tryAcquire(file)
            .orElseThrow(
                () ->
                    new EmbeddedPostgresException(
                        "THREADMILL_HOME="
                            + options.home()
                            + " is in use by another Threadmill server ("
                            + DirectoryLock.holder(file)
                            + "); stop that one or set another THREADMILL_HOME"));
    lock.recordHolder(
        "pid "
            + ProcessHandle.current().pid()
            + " since "
            + Instant.now().truncatedTo(ChronoUnit.SECONDS));
    return lock;
  }

  private EmbeddedPostgres(Options options, PostgresLayout places, DirectoryLock lock)
      throws IOException, SQLException, InterruptedException {
    this.places = places;
    this.lock = lock;
    // First: a PostgreSQL that outlived a killed server must not run on these files.
    new PostmasterProcess(places.data()).stopLeftovers();
    var directory = new DataDirectory(places, PrepareInstallation.of(options, places));
    directory.initialise();
    this.password = directory.password();
    this.server = new PostgresSupervisor(directory, options.timeZone(), options.progress());
    server.start();
    try {
      this.hasPgvector = new PrepareDatabase(server.port(), password, options.progress()).prepare();
    } catch (SQLException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /** The database, for clients on this machine; without user and password. */
  public String jdbcUrl() {
    return PrepareDatabase.jdbcUrl(server.port(), PrepareDatabase.DATABASE);
  }

  /** The role that owns the database, which is no superuser. */
  public String user() {
    return PrepareDatabase.USER;
  }

  /** The password of the role. */
  public String password() {
    return password;
  }

  /** The port on loopback, which does not change while this object is open. */
  public int port() {
    return server.port();
  }

  /** Whether {@code vector} is pgvector with HNSW, and not the SQL fallback. */
  public boolean hasPgvector() {
    return hasPgvector;
  }

  /** The log file of PostgreSQL. */
  public Path log() {
    return places.log();
  }

  /**
   * Kills PostgreSQL and returns when it accepts connections again, on the same port. For tests of
   * clients during a crash.
   */
  public void crashAndRestart() throws InterruptedException {
    server.crashAndRestart();
  }

  /** Stops PostgreSQL in order; may be called more than once. */
  @Override
  public void close() {
    server.close();
    lock.close();
  }
}
