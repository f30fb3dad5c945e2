package dev.threadmill.lab.cluster;

import dev.threadmill.db.embedded.EmbeddedPostgres;
import dev.threadmill.db.embedded.EmbeddedPostgresException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code ./threadmill cluster 3}: one Postgres, one Kafka, three nodes and a load balancer. Each
 * node is a separate process that can be killed by hand. All end with this process.
 */
public final class LocalCluster implements AutoCloseable {
  private static final int MOST_NODES = 20;

  private final Map<String, String> environment;
  private final Path server;
  private final List<ClusterProcess> processes = new ArrayList<>();
  private Optional<EmbeddedPostgres> postgres = Optional.empty();
  private LoadBalancer balancer;

  private LocalCluster(Map<String, String> environment, Path server) {
    this.environment = environment;
    this.server = server;
  }

  /**
   * Runs until the JVM is asked to end.
   *
   * @param args the folder of the built server, the folder of Kafka's jars or "-" for none, and the
   *     number of nodes
   */
  public static void main(String... args) throws Exception {
    int size = args[2].matches("\\d{1,2}") ? Integer.parseInt(args[2]) : 0;
    if (size < 1 || size > MOST_NODES) {
      fail("cluster: expected a number of nodes from 1 to " + MOST_NODES + ", got " + args[2]);
    }
    var cluster = new LocalCluster(System.getenv(), Path.of(args[0]));
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close, "stop-cluster"));
    try {
      cluster.start(args[1].equals("-") ? Optional.empty() : Optional.of(Path.of(args[1])), size);
    } catch (EmbeddedPostgresException | IOException e) {
      fail(e.getMessage());
    }
  }

  private void start(Optional<Path> kafkaJars, int size) throws IOException, InterruptedException {
    int port = Integer.parseInt(setting("THREADMILL_PORT").orElse("8080"));
    String host = setting("THREADMILL_HOST").orElse("127.0.0.1");
    Path home =
        setting("THREADMILL_HOME")
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".threadmill"))
            .toAbsolutePath();
    var settings = new HashMap<String, String>();
    settings.put("THREADMILL_HOST", "127.0.0.1");
    settings.put("THREADMILL_HOME", home.toString());
    settings.put("THREADMILL_DATABASE_URL", databaseUrl(home));
    settings.put("THREADMILL_SECRET_KEY", secretKey(home));
    if (kafkaJars.isPresent()) {
      var kafka = new KafkaProcess(kafkaJars.get(), home.resolve("kafka"), freePort(), freePort());
      processes.add(kafka.start());
      settings.put("THREADMILL_KAFKA", kafka.servers());
    }
    var ports = new ArrayList<Integer>();
    for (int i = 0; i < size; i++) {
      int nodePort = freePort();
      ports.add(nodePort);
      settings.put("THREADMILL_PORT", Integer.toString(nodePort));
      var node = node(Character.toString('a' + i), settings);
      processes.add(node);
      // The first node creates the schema and, at the first start, the keys.
      node.awaitPort(nodePort);
    }
    balancer = LoadBalancer.open(host, port, ports);
    System.out.printf(
        "%nThe cluster serves http://%s:%d/v1 with %d nodes (%s); kill one to see a takeover.%n%n",
        host,
        port,
        size,
        String.join(
            ", ",
            processes.stream()
                .filter(ClusterProcess::isNode)
                .map(ClusterProcess::toString)
                .toList()));
  }

  private String databaseUrl(Path home) {
    var given = setting("THREADMILL_DATABASE_URL");
    if (given.isPresent()) {
      return given.get();
    }
    var options =
        EmbeddedPostgres.Options.at(home)
            .withProgress(line -> System.out.println("threadmill: " + line));
    var started = EmbeddedPostgres.start(options);
    postgres = Optional.of(started);
    return "postgres://%s:%s@%s"
        .formatted(
            started.user(),
            started.password(),
            started.jdbcUrl().substring("jdbc:postgresql://".length()));
  }

  /** The configured key, the key file of the home, or a new key in that file. */
  private String secretKey(Path home) throws IOException {
    var given = setting("THREADMILL_SECRET_KEY");
    if (given.isPresent()) {
      return given.get();
    }
    Path file = home.resolve("secret.key");
    if (!Files.exists(file)) {
      var bytes = new byte[32];
      new SecureRandom().nextBytes(bytes);
      Files.createDirectories(home);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, HexFormat.of().formatHex(bytes) + "\n");
    }
    return Files.readString(file).strip();
  }

  private ClusterProcess node(String name, Map<String, String> settings) throws IOException {
    var command = new ArrayList<String>();
    command.add(ClusterProcess.java());
    command.addAll(
        List.of(
            "-Xmx512m",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED"));
    setting("JAVA_OPTS").ifPresent(options -> command.addAll(List.of(options.split("\\s+"))));
    command.addAll(List.of("-jar", server.resolve("quarkus-run.jar").toString()));
    return ClusterProcess.start("node " + name, command, settings);
  }

  private Optional<String> setting(String name) {
    return Optional.ofNullable(environment.get(name))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void fail(String line) {
    System.err.println("threadmill: " + line);
    System.exit(1);
  }

  /** Stops the load balancer, then the nodes, then Kafka and Postgres. */
  @Override
  public void close() {
    if (balancer != null) {
      balancer.close();
    }
    processes.stream().filter(ClusterProcess::isNode).forEach(ClusterProcess::stop);
    processes.stream().filter(ClusterProcess::isNode).forEach(ClusterProcess::awaitEnd);
    processes.stream().filter(process -> !process.isNode()).forEach(ClusterProcess::stop);
    processes.stream().filter(process -> !process.isNode()).forEach(ClusterProcess::awaitEnd);
    postgres.ifPresent(EmbeddedPostgres::close);
  }
}
