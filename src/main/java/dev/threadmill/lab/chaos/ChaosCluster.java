package dev.threadmill.lab.chaos;

import dev.threadmill.db.embedded.EmbeddedPostgres;
import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.projects.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The system under test: an embedded PostgreSQL, a mock model, and nodes, in a temporary folder.
 * {@link #close}, or a shutdown of the JVM, stops the processes and deletes the folder.
 */
final class ChaosCluster implements AutoCloseable {
  static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LONGEST_START = Duration.ofSeconds(120);
  private static final int LAST_LINES = 40;

  private final Path folder;
  private final MockModel model = new MockModel();
  private final String key = Secret.random().value();
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final Thread hook = new Thread(this::clear, "clear-cluster");
  private EmbeddedPostgres postgres;
  private boolean cleared;

  /** Creates the folder and starts the mock model; {@link #start} starts the rest. */
  ChaosCluster() throws IOException {
    folder = Files.createTempDirectory("threadmill-chaos-");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Starts everything and waits until all nodes are ready.
   *
   * @param server the folder of the built server
   */
  void start(Path server, int size) throws IOException, InterruptedException, SQLException {
    synchronized (this) {
      postgres = EmbeddedPostgres.start(Options.at(folder).withCache(cache()));
    }
    var url =
        "postgres://%s:%s@127.0.0.1:%d/threadmill"
            .formatted(postgres.user(), postgres.password(), postgres.port());
    var settings = settings(url);
    var jar = server.resolve("quarkus-run.jar");
    for (int i = 0; i < size; i++) {
      nodes.add(new NodeProcess(Character.toString('a' + i), jvm(), jar, settings, folder));
      synchronized (this) {
        if (cleared) {
          throw new InterruptedException("shutting down");
        }
        nodes.getLast().start();
      }
      // The first node migrates the schema.
      awaitReady(nodes.getLast());
    }
    try (var database = connect()) {
      SlowCommits.install(database);
    }
  }

  private Map<String, String> settings(String url) {
    var settings = new HashMap<String, String>();
    settings.put("THREADMILL_DATABASE_URL", url);
    settings.put("THREADMILL_HOME", folder.resolve("home").toString());
    settings.put("THREADMILL_CACHE", cache().toString());
    settings.put("THREADMILL_API_KEY", key);
    settings.put("THREADMILL_ADMIN_KEY", Secret.random().value());
    settings.put("THREADMILL_SECRET_KEY", "00".repeat(32));
    settings.put("THREADMILL_LEASE", LEASE.toSeconds() + "s");
    settings.put("THREADMILL_EGRESS_ALLOW", "127.0.0.1/32");
    // The memory workers would call the model in addition to the runs.
    settings.put("THREADMILL_MEMORY_WORKER", "false");
    settings.put("OPENAI_BASE_URL", model.baseUrl());
    settings.put("OPENAI_API_KEY", "none");
    return settings;
  }

  private static List<String> jvm() {
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(
        List.of(
            "-Xmx400m",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED"));
    Optional.ofNullable(System.getenv("JAVA_OPTS"))
        .map(String::strip)
        .filter(options -> !options.isEmpty())
        .ifPresent(options -> words.addAll(List.of(options.split("\\s+"))));
    return words;
  }

  /** The server's own cache: PostgreSQL binaries and the compiled pgvector. */
  private static Path cache() {
    return Optional.ofNullable(System.getenv("THREADMILL_CACHE"))
        .map(Path::of)
        .orElse(Path.of(System.getProperty("user.home"), ".threadmill", "cache"));
  }

  /**
   * Waits until the node is ready; starts it again if it has exited.
   *
   * @throws IOException if it is not ready within two minutes
   */
  void awaitReady(NodeProcess node) throws IOException, InterruptedException {
    var caller = caller(RandomGenerator.getDefault());
    long end = System.nanoTime() + LONGEST_START.toNanos();
    while (!node.isReady(caller)) {
      if (System.nanoTime() > end) {
        throw new IOException(
            "node %s did not start:%n%s"
                .formatted(node.name(), String.join("\n", node.lastLines(LAST_LINES))));
      }
      if (!node.isAlive()) {
        // It exits if Postgres is down at its start; a supervisor would restart it as well.
        node.start();
      }
      Thread.sleep(100);
    }
  }

  List<NodeProcess> nodes() {
    return nodes;
  }

  MockModel model() {
    return model;
  }

  EmbeddedPostgres postgres() {
    return postgres;
  }

  /** A client that sends each request to a random node. */
  RetryingClient caller(RandomGenerator random) {
    return new RetryingClient(nodes.stream().map(NodeProcess::url).toList(), key, random);
  }

  /** A client of this node only. */
  RetryingClient caller(NodeProcess node) {
    return new RetryingClient(List.of(node.url()), key, RandomGenerator.getDefault());
  }

  /** A new connection to the database. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  /** The log lines of all nodes that contain this run id, each prefixed with the node's name. */
  List<String> linesAbout(String run) throws IOException {
    var found = new ArrayList<String>();
    for (var node : nodes) {
      node.linesWith(run).forEach(line -> found.add("node " + node.name() + ": " + line));
    }
    return found;
  }

  /** The last lines of each node's log. */
  String lastLines() throws IOException {
    var text = new StringBuilder();
    for (var node : nodes) {
      text.append("node ").append(node.name()).append(":\n");
      node.lastLines(LAST_LINES).forEach(line -> text.append("  ").append(line).append('\n'));
    }
    return text.toString();
  }

  private synchronized void clear() {
    if (cleared) {
      return;
    }
    cleared = true;
    for (var node : nodes) {
      quietly(node::end);
    }
    if (postgres != null) {
      quietly(postgres::close);
    }
    quietly(model::close);
    quietly(() -> delete(folder));
  }

  private interface Step {
    void take() throws Exception;
  }

  private static void quietly(Step step) {
    try {
      step.take();
    } catch (Exception e) {
      System.err.println("threadmill: " + e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var all = Files.walk(folder)) {
      for (Path each : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(each);
      }
    }
  }

  @Override
  public void close() {
    clear();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is already shutting down.
    }
  }
}
