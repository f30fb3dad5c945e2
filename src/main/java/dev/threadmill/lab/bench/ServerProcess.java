package dev.threadmill.lab.bench;

import dev.threadmill.db.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server, started by the launcher. */
final class ServerProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final long LONGEST_STOP_SECONDS = 5;

  private final Process process;
  private final Path log;
  private final URI address;
  private final String key;

  private ServerProcess(Process process, Path log, URI address, String key) {
    this.process = process;
    this.log = log;
    this.address = address;
    this.key = key;
  }

  /**
   * Starts a server in this temporary folder, and waits until it is ready.
   *
   * @param settings further environment variables
   */
  static ServerProcess start(
      Path launcher,
      Path scratch,
      EmbeddedPostgres postgres,
      URI provider,
      String key,
      Map<String, String> settings)
      throws IOException, InterruptedException {
    int port = freePort();
    var log = scratch.resolve("server-" + port + ".log");
    var builder =
        new ProcessBuilder(launcher.toString(), "start")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    var environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("THREADMILL_"));
    environment.putAll(
        Map.of(
            "THREADMILL_HOME", scratch.resolve("home-" + port).toString(),
            "THREADMILL_PORT", Integer.toString(port),
            "THREADMILL_DATABASE_URL", url(postgres),
            "THREADMILL_API_KEY", key,
            "THREADMILL_ADMIN_KEY", "admin-" + key,
            "OPENAI_BASE_URL", provider.toString(),
            "OPENAI_API_KEY", "none"));
    environment.putAll(settings);
    var address = URI.create("http://127.0.0.1:" + port);
    var server = new ServerProcess(builder.start(), log, address, key);
    server.awaitReady();
    return server;
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String url(EmbeddedPostgres postgres) {
    var password = URLEncoder.encode(postgres.password(), StandardCharsets.UTF_8);
    var database = URI.create(postgres.jdbcUrl().substring("jdbc:".length())).getPath();
    return "postgresql://%s:%s@127.0.0.1:%d%s"
        .formatted(postgres.user(), password, postgres.port(), database);
  }

  private void awaitReady() throws IOException, InterruptedException {
    try (var http = HttpClient.newHttpClient()) {
      var ready = HttpRequest.newBuilder(address.resolve("/q/health/ready")).build();
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (System.nanoTime() < end && process.isAlive()) {
        try {
          if (http.send(ready, BodyHandlers.discarding()).statusCode() == 200) {
            return;
          }
        } catch (IOException _) {
          // It does not listen yet.
        }
        Thread.sleep(100);
      }
    }
    var output = Files.readString(log);
    close();
    throw new IOException("the server did not start:\n" + output);
  }

  /** Kills the process, as a failure of the machine would. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** The base URL for SDKs. */
  URI api() {
    return address.resolve("/v1");
  }

  /** The key of the default project. */
  String key() {
    return key;
  }

  /** The sum of all series of a Prometheus metric. */
  double metric(String name) throws IOException {
    return metric(name, "");
  }

  /** The sum of the series of a metric with this label, for example {@code area="heap"}. */
  double metric(String name, String label) throws IOException {
    try (var connection = new HttpConnection(address.resolve("/q"), key)) {
      return connection
          .get("/metrics")
          .lines()
          .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
          .filter(line -> line.contains(label))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    }
  }

  /** Live bytes of the heap after a full collection. */
  long liveHeap() throws IOException, InterruptedException {
    var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    outputOf(jcmd, Long.toString(process.pid()), "GC.run");
    return (long) metric("jvm_memory_used_bytes", "area=\"heap\"");
  }

  /** Resident memory of the process in bytes. */
  long residentBytes() throws IOException, InterruptedException {
    return 1024 * Long.parseLong(outputOf("ps", "-o", "rss=", "-p", Long.toString(process.pid())));
  }

  /** The processor time that the process has used. */
  Duration processorTime() {
    return process.toHandle().info().totalCpuDuration().orElseThrow();
  }

  private static String outputOf(String... command) throws IOException, InterruptedException {
    var started = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output =
        new String(started.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (started.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  /**
   * SIGTERM.
   *
   * @throws IOException if it has not ended after this time
   */
  void stop(Duration longest) throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException("the server did not stop:\n" + Files.readString(log));
    }
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(LONGEST_STOP_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
