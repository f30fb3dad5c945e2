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
 * The packaged server in a separate process, for tests that kill it. It can be started and stopped
 * repeatedly and keeps its port, its settings and its name; all its output is kept.
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
  private final List<String> lines = new ArrayList<>();
  private final int port = freePort();
  private volatile String lastAnswer = "nothing was asked yet";
  private Process process;

  /**
   * A server that is not started yet.
   *
   * @param name the prefix of its log lines
   * @param environment its settings; host and port are added, and nothing else of the environment
   *     is passed on
   */
  public ServerProcess(String name, Map<String, String> environment) {
    this.name = name;
    this.environment.putAll(environment);
  }

  /** Sets a setting, effective at the next start; null removes it. */
  public ServerProcess with(String variable, String value) {
    if (value == null) {
      environment.remove(variable);
    } else {
      environment.put(variable, value);
    }
    return this;
  }

  /**
   * Adds an option of the JVM, effective at the next start, for example {@code
   * -Dthreadmill.runs.drain=1s}.
   */
  public ServerProcess withJvmOption(String option) {
    jvmOptions.add(option);
    return this;
  }

  /** Starts the process and returns at once. */
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
    // Reading from a pipe blocks the carrier of a virtual thread.
    Thread.ofPlatform().daemon().name("log of " + name).start(() -> listen(output));
    return this;
  }

  /** Waits until the server is ready; fails with its log otherwise. */
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

  /** Whether {@code /q/health/ready} returns 200. */
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

  /** SIGTERM, as a supervisor sends it; waits for the end of the process and of its output. */
  public void stop() {
    signal("TERM"); // Process.destroy would close the pipe that it is still writing to
    awaitEnd();
  }

  /** SIGSTOP. */
  public void pause() {
    signal("STOP");
  }

  /** SIGCONT. */
  public void resume() {
    signal("CONT");
  }

  public long pid() {
    return process.pid();
  }

  public String name() {
    return name;
  }

  /** Its address, without a trailing slash. */
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  /** A client of the server with this key. */
  public ApiClient api(String key) {
    return ApiClient.withKey(key).at(url());
  }

  /** All its output so far, over all starts. */
  public String log() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  /** The lines of its output that contain this text. */
  public List<String> log(String part) {
    synchronized (lines) {
      return lines.stream().filter(line -> line.contains(part)).toList();
    }
  }

  /** Kills the process if it is running. */
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
        synchronized (lines) {
          lines.add(line);
        }
        if (Boolean.getBoolean("threadmill.test.logs")) {
          System.err.println(name + " | " + line);
        }
      }
    } catch (IOException e) {
      // The process was killed.
    }
  }

  /** A port that is free at the moment. */
  public static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
