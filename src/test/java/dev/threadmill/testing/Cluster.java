package dev.threadmill.testing;

import dev.threadmill.projects.Secret;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/**
 * Nodes on one database, each in a separate process, with a {@link FakeProvider} as their model.
 * The database is created for each cluster and dropped with it, on the one PostgreSQL of the test
 * JVM.
 *
 * <pre>{@code
 * try (var cluster = Cluster.of(2).with("THREADMILL_LEASE", "1s").start()) {
 *   var a = cluster.node(0);
 *   var run = cluster.api(a).post("/v1/threads/runs", …);
 *   a.kill();
 *   …
 * }
 * }</pre>
 */
public final class Cluster implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final String database =
      "cluster_" + ProcessHandle.current().pid() + "_" + NUMBER.incrementAndGet();
  private final String apiKey = Secret.random().value();
  private final String adminKey = Secret.random().value();
  private final FakeProvider provider = FakeProvider.start();
  private final Path home = PostgresResource.temporaryHome();
  private final List<ServerProcess> nodes = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();

  private Cluster() {
    execute("CREATE DATABASE " + database);
    environment.put("THREADMILL_DATABASE_URL", databaseUrl());
    environment.put("THREADMILL_HOME", home.toString());
    environment.put("THREADMILL_CACHE", PostgresResource.cache().toString());
    environment.put("THREADMILL_API_KEY", apiKey);
    environment.put("THREADMILL_ADMIN_KEY", adminKey);
    environment.put("OPENAI_BASE_URL", provider.baseUrl());
    environment.put("OPENAI_API_KEY", "sk-fake");
  }

  /** A cluster of this many nodes, named a, b, c and so on, none of which is started yet. */
  public static Cluster of(int size) {
    var cluster = new Cluster();
    for (int i = 0; i < size; i++) {
      cluster.add();
    }
    return cluster;
  }

  /** Adds a node with the settings of the others, not started yet. */
  public ServerProcess add() {
    var node = new ServerProcess(Character.toString('a' + nodes.size()), environment);
    nodes.add(node);
    return node;
  }

  /** Sets a setting of all nodes, effective at their next start. */
  public Cluster with(String variable, String value) {
    environment.put(variable, value);
    nodes.forEach(node -> node.with(variable, value));
    return this;
  }

  /**
   * Nodes without the memory index worker, which costs more than a short run does; for tests of
   * many runs that do not concern the memory.
   */
  public Cluster withoutIndexing() {
    nodes.forEach(node -> node.withJvmOption("-Dthreadmill.memory.worker=false"));
    return this;
  }

  /** Starts all nodes that are not running, and waits until they are ready. */
  public Cluster start() {
    PackagedServer.jar();
    nodes.stream().filter(node -> !node.isAlive()).forEach(ServerProcess::start);
    nodes.forEach(ServerProcess::awaitReady);
    return this;
  }

  public ServerProcess node(int index) {
    return nodes.get(index);
  }

  public List<ServerProcess> nodes() {
    return List.copyOf(nodes);
  }

  /** The model provider of all nodes. */
  public FakeProvider provider() {
    return provider;
  }

  /** A client of the node with the default project's key. */
  public ApiClient api(ServerProcess node) {
    return node.api(apiKey);
  }

  /** A client of the node with the admin key. */
  public ApiClient admin(ServerProcess node) {
    return node.api(adminKey);
  }

  public String apiKey() {
    return apiKey;
  }

  /** A connection to the database; the caller closes it. */
  public Connection connect() {
    return connect(database);
  }

  private static Connection connect(String database) {
    var postgres = PostgresResource.shared();
    try {
      return DriverManager.getConnection(
          "jdbc:postgresql://127.0.0.1:%d/%s".formatted(postgres.port(), database),
          postgres.user(),
          postgres.password());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void execute(String sql) {
    try (var connection = connect("threadmill");
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The value of {@code THREADMILL_DATABASE_URL}. */
  public String databaseUrl() {
    var postgres = PostgresResource.shared();
    return "postgres://%s:%s@127.0.0.1:%d/%s"
        .formatted(postgres.user(), postgres.password(), postgres.port(), database);
  }

  /** The logs of all nodes, for the messages of assertions. */
  public String logs() {
    var all = new StringBuilder();
    nodes.forEach(node -> all.append("== ").append(node.name()).append('\n').append(node.log()));
    return all.toString();
  }

  /** Waits until the assertion holds; a failure contains all logs. */
  public void await(String what, Duration atMost, ThrowingRunnable assertion) {
    try {
      Awaitility.await(what)
          .atMost(atMost)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(50))
          .untilAsserted(assertion);
    } catch (RuntimeException e) {
      throw new AssertionError(what + ": " + e + "\n" + logs(), e);
    }
  }

  /** Kills all nodes and drops the database. */
  @Override
  public void close() {
    nodes.forEach(ServerProcess::close);
    provider.close();
    // Autovacuum may be running on it, which only a superuser may terminate.
    Awaitility.await("the database to be dropped")
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(() -> execute("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)"));
    PostgresResource.delete(home);
  }
}
