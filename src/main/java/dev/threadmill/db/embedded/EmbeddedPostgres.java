package dev.threadmill.db.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
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
  /** The role that owns the database; no superuser. */
  static final String USER = "threadmill";

  private static final String DATABASE = "threadmill";
  private static final System.Logger LOG = System.getLogger(EmbeddedPostgres.class.getName());
  private static final Duration RECOVERY_LIMIT = Duration.ofMinutes(10);
  private static final long MOST_LOG_BYTES = 8L << 20;

  private final Options options;
  private final Places places;
  private final FolderLock lock;
  private final DataDirectory directory;
  private final Postmaster postmaster;
  private final String password;
  private final CompletableFuture<Void> firstStart = new CompletableFuture<>();
  private final Thread keeper;

  private volatile int port;
  private volatile boolean closing;
  private volatile Process process;
  private boolean realVector;

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
          home, home.resolve("cache"), List.of(), Vector.PREFER_REAL, "UTC", line -> {});
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
    PREFER_REAL,
    /** pgvector, or no start. */
    REAL_ONLY,
    /** The stand-in, even where pgvector could be had. */
    STAND_IN
  }

  /**
   * Starts, or starts again, the database of a home.
   *
   * @throws EmbeddedPostgresException with one line that says what is in the way
   */
  public static EmbeddedPostgres start(Options options) {
    FolderLock lock = null;
    EmbeddedPostgres started = null;
    try {
      Places places =
          Places.under(options.home().toAbsolutePath(), options.cache().toAbsolutePath());
      lock = lock(options, places);
      PostgresTree tree = tree(options, places);
      new Postmaster(places.data()).clearTheWay();
      var directory = new DataDirectory(places, tree);
      directory.initialise();
      started = new EmbeddedPostgres(options, places, lock, directory);
      started.run();
      return started;
    } catch (IOException e) {
      throw new EmbeddedPostgresException(
          "the embedded PostgreSQL in "
              + options.home()
              + " cannot be started: "
              + Places.reason(e),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedPostgresException("interrupted while PostgreSQL was starting", e);
    } finally {
      if (started == null
          || !started.firstStart.isDone()
          || started.firstStart.isCompletedExceptionally()) {
        if (started != null) {
          started.close();
        } else if (lock != null) {
          lock.close();
        }
      }
    }
  }

  private static FolderLock lock(Options options, Places places) throws IOException {
    Path file = places.folder().resolve("lock");
    FolderLock lock =
        FolderLock.take(file)
            .orElseThrow(
                () ->
                    new EmbeddedPostgresException(
                        "THREADMILL_HOME="
                            + options.home()
                            + " is in use by another Threadmill server ("
                            + FolderLock.holder(file)
                            + "); stop that one or set another THREADMILL_HOME"));
    lock.sign(
        "pid "
            + ProcessHandle.current().pid()
            + " since "
            + Instant.now().truncatedTo(ChronoUnit.SECONDS));
    return lock;
  }

  /**
   * The binaries with the wanted {@code vector}; only one process at a time prepares them in a
   * cache.
   */
  private static PostgresTree tree(Options options, Places places)
      throws IOException, InterruptedException {
    Platform platform = Platform.current();
    try (var _ =
        FolderLock.await(
            places.cache().resolve("lock"), Duration.ofMinutes(5), options.progress())) {
      VectorFiles vector = new VectorFiles.StandIn();
      if (options.vector() != Vector.STAND_IN) {
        try {
          List<Path> caches = new ArrayList<>(List.of(places.cache()));
          caches.addAll(options.moreCaches());
          vector = PgvectorBuild.obtain(caches, platform, options.progress());
        } catch (PgvectorBuild.NotPossible e) {
          String line = "pgvector cannot be compiled here (" + e.getMessage() + ")";
          if (options.vector() == Vector.REAL_ONLY) {
            throw new EmbeddedPostgresException(line);
          }
          options
              .progress()
              .accept(
                  line
                      + ": vectors are kept by a stand-in in SQL, exact but slow with many of them");
        }
      }
      return PostgresTree.unpacked(places.cache(), platform, vector);
    }
  }

  private EmbeddedPostgres(Options options, Places places, FolderLock lock, DataDirectory directory)
      throws IOException {
    this.options = options;
    this.places = places;
    this.lock = lock;
    this.directory = directory;
    this.password = directory.password();
    this.postmaster = new Postmaster(places.data());
    this.keeper =
        Thread.ofPlatform().name("embedded-postgres").daemon().unstarted(this::keepRunning);
  }

  /** The database, for clients on this machine; without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  /** The role that owns the database. */
  public String user() {
    return USER;
  }

  /** The password of the role. */
  public String password() {
    return password;
  }

  /** The port on loopback, the same as long as this object lives. */
  public int port() {
    return port;
  }

  /** Whether {@code vector} is pgvector, HNSW included, and not the stand-in. */
  public boolean realVector() {
    return realVector;
  }

  /** What PostgreSQL itself has to say. */
  public Path log() {
    return places.log();
  }

  /** Stops PostgreSQL, letting it finish what was committed; may be called more than once. */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    try {
      keeper.interrupt();
      keeper.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.close();
    }
  }

  private void run() throws InterruptedException {
    keeper.start();
    try {
      firstStart.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof EmbeddedPostgresException known
          ? known
          : new EmbeddedPostgresException(
              "the embedded PostgreSQL cannot be started: " + e.getCause().getMessage(), e);
    }
  }

  /**
   * The life of the keeper. Every PostgreSQL is started from this one thread, since the kernel
   * reckons the death of a parent by thread (see {@link #command()}).
   */
  private void keepRunning() {
    Duration pause = Duration.ZERO;
    try {
      while (!closing) {
        Thread.sleep(pause);
        Instant began = Instant.now();
        try {
          launch();
          if (!firstStart.isDone()) {
            prepareDatabase();
            firstStart.complete(null);
          } else {
            LOG.log(System.Logger.Level.INFO, "embedded_postgres=running port={0,number,#}", port);
          }
          process.waitFor();
        } catch (IOException | SQLException | RuntimeException e) {
          if (!firstStart.isDone()) {
            firstStart.completeExceptionally(e);
            return;
          }
          LOG.log(System.Logger.Level.ERROR, "embedded_postgres=failing error={0}", e.getMessage());
        }
        boolean shortLived = Duration.between(began, Instant.now()).toSeconds() < 30;
        pause =
            !shortLived
                ? Duration.ZERO
                : pause.isZero() ? Duration.ofMillis(50) : min(pause.multipliedBy(2));
        LOG.log(
            System.Logger.Level.WARNING,
            "embedded_postgres=ended restart_in_ms={0,number,#}",
            pause.toMillis());
      }
    } catch (InterruptedException e) {
      // close() asks us to stop.
    } finally {
      stop();
    }
  }

  private static Duration min(Duration pause) {
    return pause.toSeconds() > 5 ? Duration.ofSeconds(5) : pause;
  }

  private void stop() {
    Thread.interrupted();
    try {
      if (process != null) {
        postmaster.clearTheWay();
        process.waitFor();
      }
    } catch (IOException | EmbeddedPostgresException e) {
      LOG.log(System.Logger.Level.ERROR, "embedded_postgres=unstoppable error={0}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void launch() throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      postmaster.clearTheWay();
      if (port == 0) {
        port = freePort();
      }
      directory.configure(port, options.timeZone());
      rotateLog();
      long logged = Files.exists(places.log()) ? Files.size(places.log()) : 0;
      var builder =
          new ProcessBuilder(command())
              .directory(places.folder().toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(places.log().toFile()));
      // Settings of somebody's psql must not reach the server.
      builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
      builder.environment().put("LC_ALL", "C");
      process = builder.start();
      if (awaitReady()) {
        return;
      }
      String said = lastLog(logged);
      if (attempt == 5) {
        throw new EmbeddedPostgresException(
            "PostgreSQL ended at its start: " + said + " (log: " + places.log() + ")");
      }
      if (!firstStart.isDone() && said.contains("could not create any TCP/IP sockets")) {
        port = 0; // somebody was faster; once clients know the port it stays
      }
      Thread.sleep(100L * attempt);
    }
  }

  /**
   * PostgreSQL as our direct child, in a session of its own so that a Ctrl-C in the terminal
   * reaches the server only, which then stops PostgreSQL last. If the server is killed, the kernel
   * tells PostgreSQL to shut down.
   */
  private List<String> command() {
    List<String> words = new ArrayList<>();
    Command.find("setsid").ifPresent(setsid -> words.add(setsid.toString()));
    words.addAll(places.user().map(OtherUser::prefix).orElse(List.of()));
    if (Command.find("setpriv").isPresent()) {
      words.addAll(List.of("setpriv", "--pdeathsig", "INT", "--"));
    }
    words.addAll(
        List.of(directory.tree().program("postgres").toString(), "-D", places.data().toString()));
    return words;
  }

  /** Whether the server came up; false when it ended before. */
  private boolean awaitReady() throws InterruptedException {
    long begin = System.nanoTime();
    boolean told = false;
    while (process.isAlive()) {
      var pid = postmaster.pid();
      if (pid.isPresent() && isOurs(pid.getAsLong()) && postmaster.ready()) {
        return true;
      }
      long waited = System.nanoTime() - begin;
      if (waited > RECOVERY_LIMIT.toNanos()) {
        throw new EmbeddedPostgresException(
            "PostgreSQL has not come up in " + RECOVERY_LIMIT.toMinutes() + " minutes");
      }
      if (!told && waited > Duration.ofSeconds(5).toNanos()) {
        options
            .progress()
            .accept("PostgreSQL is recovering what was written before the last stop…");
        told = true;
      }
      Thread.sleep(5);
    }
    return false;
  }

  private boolean isOurs(long pid) {
    return pid == process.pid() || process.descendants().anyMatch(child -> child.pid() == pid);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private void rotateLog() throws IOException {
    if (Files.exists(places.log()) && Files.size(places.log()) > MOST_LOG_BYTES) {
      Files.move(
          places.log(),
          places.folder().resolve("postgres.log.old"),
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private String lastLog(long from) throws IOException {
    if (!Files.exists(places.log())) {
      return "it said nothing";
    }
    try (var file = Files.newByteChannel(places.log())) {
      file.position(Math.max(from, file.size() - 16_384));
      String text =
          new String(
              java.nio.channels.Channels.newInputStream(file).readAllBytes(),
              java.nio.charset.StandardCharsets.UTF_8);
      return text.lines()
          .filter(line -> line.contains("FATAL") || line.contains("PANIC"))
          .reduce((a, b) -> b)
          .orElse(text.lines().reduce("it said nothing", (a, b) -> b))
          .strip();
    }
  }

  /**
   * Role and database at the first start of a home; then which {@code vector} this database has.
   */
  private void prepareDatabase() throws SQLException {
    try (Connection admin = connect("postgres", DataDirectory.SUPERUSER)) {
      // No superuser, so that whatever slips into a statement cannot reach files or programs.
      // CREATEDB is for tests and restores.
      if (!exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = '" + USER + "'")) {
        execute(admin, "CREATE ROLE " + USER + " LOGIN CREATEDB PASSWORD '" + password + "'");
      }
      if (!exists(admin, "SELECT 1 FROM pg_database WHERE datname = '" + DATABASE + "'")) {
        execute(admin, "CREATE DATABASE " + DATABASE + " OWNER " + USER);
      }
    }
    try (Connection database = connect(DATABASE, USER)) {
      boolean treeIsReal =
          exists(
              database,
              "SELECT 1 FROM pg_available_extension_versions WHERE name = 'vector' AND version <> '"
                  + VectorFiles.STAND_IN_VERSION
                  + "'");
      boolean used = exists(database, "SELECT 1 FROM pg_extension WHERE extname = 'vector'");
      boolean usesReal =
          exists(
              database,
              "SELECT 1 FROM pg_extension WHERE extname = 'vector' AND extversion <> '"
                  + VectorFiles.STAND_IN_VERSION
                  + "'");
      if (usesReal && !treeIsReal) {
        throw new EmbeddedPostgresException(
            "the database in "
                + places.folder()
                + " uses pgvector, which is not in the cache and cannot be compiled now");
      }
      realVector = used ? usesReal : treeIsReal;
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
    properties.setProperty("socketTimeout", "60");
    // Not by DriverManager: it only sees the drivers of its own class loader.
    return new org.postgresql.Driver().connect(jdbcUrl(database), properties);
  }

  private String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }
}
