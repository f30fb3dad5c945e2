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
 * A PostgreSQL of our own: started from the class path, kept running while this object is open,
 * stopped with it.
 *
 * <p>Whatever was killed the last time, the server or PostgreSQL or both, a start leads to a
 * running database with every commit that was acknowledged. Dies PostgreSQL alone, it is started
 * again on the same port.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  private final PostgresLayout places;
  private final DirectoryLock lock;
  private final PostgresSupervisor server;
  private final String password;
  private boolean hasPgvector;

  /**
   * How to start.
   *
   * @param home THREADMILL_HOME
   * @param cache where binaries and the compiled pgvector are kept
   * @param moreCaches caches to look for a compiled pgvector in before compiling one
   * @param vector which {@code vector} to lay in
   * @param timeZone the time zone of the database
   * @param progress is told, in a line, what takes long
   */
  public record Options(
      Path home,
      Path cache,
      List<Path> moreCaches,
      Vector vector,
      String timeZone,
      Consumer<String> progress) {

    /** Everything under this home, pgvector if it can be had, nothing told. */
    public static Options at(Path home) {
      return new Options(
          home, home.resolve("cache"), List.of(), Vector.PREFER_PGVECTOR, "UTC", line -> {});
    }

    /** The same for another home; the cache stays where it is. */
    public Options withHome(Path other) {
      return new Options(other, cache, moreCaches, vector, timeZone, progress);
    }

    /** The same with another cache. */
    public Options withCache(Path other) {
      return new Options(home, other, moreCaches, vector, timeZone, progress);
    }

    /** The same with more caches to look for a compiled pgvector in. */
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

    /** The same, telling somebody what takes long. */
    public Options withProgress(Consumer<String> other) {
      return new Options(home, cache, moreCaches, vector, timeZone, other);
    }
  }

  /** Which {@code vector} the database gets. */
  public enum Vector {
    /** pgvector, or the stand-in where it cannot be compiled. */
    PREFER_PGVECTOR,
    /** pgvector, or no start. */
    REQUIRE_PGVECTOR,
    /** The stand-in, even where pgvector could be had. */
    SQL_FALLBACK
  }

  /**
   * Starts, or starts again, the database of a home.
   *
   * @throws EmbeddedPostgresException with one line that says what is in the way
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
              + " was made by another user, "
              + e.getFile()
              + " is theirs; run as that user or set another THREADMILL_HOME",
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
    // Before anything else: what a killed server left running must not be written around.
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

  /** The role that owns the database; no superuser. */
  public String user() {
    return PrepareDatabase.USER;
  }

  /** The password of the role. */
  public String password() {
    return password;
  }

  /** The port on loopback, the same as long as this object lives. */
  public int port() {
    return server.port();
  }

  /** Whether {@code vector} is pgvector, HNSW included, and not the stand-in. */
  public boolean hasPgvector() {
    return hasPgvector;
  }

  /** The file that PostgreSQL itself reports to. */
  public Path log() {
    return places.log();
  }

  /**
   * Kills PostgreSQL, as a crash of its machine would, and comes back when it takes connections
   * again, on the same port. For trying out what that does to its clients.
   */
  public void crashAndRestart() throws InterruptedException {
    server.crashAndRestart();
  }

  /** Stops PostgreSQL, letting it finish what was committed; may be called more than once. */
  @Override
  public void close() {
    server.close();
    lock.close();
  }
}
