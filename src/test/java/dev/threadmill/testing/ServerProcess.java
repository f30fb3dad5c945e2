package dev.threadmill.testing;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;

/**
 * A server in a process of its own, as it is shipped, for tests that kill it. It is started and
 * stopped as often as the test likes and keeps its port, its settings and its name; all it says is
 * kept.
 *
 * <pre>{@code
 * var server = new ServerProcess("a", Map.of("THREADMILL_DATABASE_URL", url));
 * server.start().awaitReady();
 * server.kill(); // as kill -9
 * server.start().awaitReady();
 * }</pre>
 */
public final class ServerProcess implements AutoCloseable {
  private static final Duration LONGEST_START = Duration.ofSeconds(120);
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String name;
  private final Map<String, String> environment = new TreeMap<>();
  private final List<String> jvmOptions = new ArrayList<>();
  private final List<String> said = new ArrayList<>();
  private final int port = freePort();
  private volatile String lastAnswer = "nothing was asked yet";
  private Process process;

  /**
   * A server that is not started yet.
   *
   * @param name what its log lines begin with
   * @param environment its settings; host and port are added, the rest of the environment is not
   *     passed on
   */
  public ServerProcess(String name, Map<String, String> environment) {
    this.name = name;
    this.environment.putAll(environment);
  }

  /** The same server with another setting from its next start on; null takes it away. */
  public ServerProcess with(String variable, String value) {
    if (value == null) {
      environment.remove(variable);
    } else {
      environment.put(variable, value);
    }
    return this;
  }

  /** An option of the JVM from the next start on, such as {@code -Dthreadmill.runs.drain=1s}. */
  public ServerProcess withJvmOption(String option) {
    jvmOptions.add(option);
    return this;
  }

  /** Starts the process and comes back at once. */
  public ServerProcess start() {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED"));
    command.addAll(jvmOptions);
    command.addAll(PackagedServer.command());
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(each -> each.matches("(THREADMILL|OPENAI|QUARKUS)_.*"));
    builder.environment().putAll(environment);
    builder.environment().put("THREADMILL_HOST", "127.0.0.1");
    builder.environment().put("THREADMILL_PORT", Integer.toString(port));
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var output = process.inputReader();
    // Reading a pipe occupies a thread, and virtual ones share few.
    Thread.ofPlatform().daemon().name("log of " + name).start(() -> listen(output));
    return this;
  }

  /** Waits until the server takes work; fails with its log if it does not. */
  public ServerProcess awaitReady() {
    try {
      Awaitility.await("server " + name + " to be ready")
          .atMost(LONGEST_START)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> !isAlive() || isReady());
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "server %s does not get ready, last of all: %s%n%s".formatted(name, lastAnswer, log()),
          e);
    }
    if (!isAlive()) {
      throw new IllegalStateException("server " + name + " has ended\n" + log());
    }
    return this;
  }

  /** Whether {@code /q/health/ready} says 200. */
  public boolean isReady() {
    var request =
        HttpRequest.newBuilder(URI.create(url() + "/q/health/ready"))
            .timeout(Duration.ofSeconds(5))
            .build();
    try {
      var answer = CLIENT.send(request, BodyHandlers.ofString());
      lastAnswer = answer.statusCode() + " " + answer.body();
      return answer.statusCode() == 200;
    } catch (IOException e) {
      lastAnswer = e.toString();
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** {@code kill -9}. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  /** SIGTERM, as a supervisor sends it; waits for the end, and hears it out. */
  public void stop() {
    signal("TERM"); // Process.destroy would close the pipe that it is still writing to
    awaitEnd();
  }

  /** SIGSTOP: the process stands still and does not know it. */
  public void pause() {
    signal("STOP");
  }

  /** SIGCONT: the process goes on. */
  public void resume() {
    signal("CONT");
  }

  public long pid() {
    return process.pid();
  }

  public String name() {
    return name;
  }

  /** Where it is, without a slash at the end. */
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  /** The server as called with this key. */
  public ApiClient api(String key) {
    return ApiClient.withKey(key).at(url());
  }

  /** All that it has said so far, over all its starts. */
  public String log() {
    synchronized (said) {
      return String.join("\n", said);
    }
  }

  /** The lines of its log that contain this. */
  public List<String> log(String part) {
    synchronized (said) {
      return said.stream().filter(line -> line.contains(part)).toList();
    }
  }

  /** Ends it if it is still there. */
  @Override
  public void close() {
    if (isAlive()) {
      resume();
      kill();
    }
  }

  private void awaitEnd() {
    try {
      if (!process.waitFor(90, SECONDS)) {
        throw new IllegalStateException("server " + name + " does not end\n" + log());
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void signal(String signal) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      if (code != 0) {
        throw new IllegalStateException("kill -" + signal + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void listen(BufferedReader output) {
    try (output) {
      for (var line = output.readLine(); line != null; line = output.readLine()) {
        synchronized (said) {
          said.add(line);
        }
        if (Boolean.getBoolean("threadmill.test.logs")) {
          System.err.println(name + " | " + line);
        }
      }
    } catch (IOException e) {
      // The process was killed.
    }
  }

  /** A port that nobody listens on at the moment. */
  public static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
