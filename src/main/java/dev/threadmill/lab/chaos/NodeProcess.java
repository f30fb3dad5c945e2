package dev.threadmill.lab.chaos;

import dev.threadmill.api.OffsetClock;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A node in a process of its own that can be killed, frozen and restarted on the same port. */
final class NodeProcess {
  private static final Pattern JOINED = Pattern.compile("node joined node_id=(\\S+)");
  private static final long LONGEST_END_SECONDS = 30;

  private final String name;
  private final List<String> command;
  private final Map<String, String> settings;
  private final File log;
  private final Path clock;
  private final int port;
  private Process process;
  private volatile boolean frozen;
  private boolean over;

  /**
   * @param jvm the command that starts a JVM, with its options
   * @param jar the server's jar
   */
  NodeProcess(String name, List<String> jvm, Path jar, Map<String, String> settings, Path folder)
      throws IOException {
    this.name = name;
    this.settings = settings;
    this.log = folder.resolve("node-" + name + ".log").toFile();
    this.clock = folder.resolve("node-" + name + ".clock");
    this.command = new ArrayList<>(jvm);
    command.addAll(
        List.of("-D%s=%s".formatted(OffsetClock.PROPERTY, clock), "-jar", jar.toString()));
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = socket.getLocalPort();
    }
  }

  String name() {
    return name;
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Starts the process and returns at once; does nothing after {@link #end}. */
  synchronized void start() throws IOException {
    if (over) {
      return;
    }
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    var environment = builder.environment();
    environment.keySet().removeIf(each -> each.matches("(THREADMILL|OPENAI|QUARKUS)_.*"));
    environment.putAll(settings);
    environment.put("THREADMILL_HOST", "127.0.0.1");
    environment.put("THREADMILL_PORT", Integer.toString(port));
    process = builder.start();
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Whether its readiness check succeeds. A frozen node counts as not ready. */
  boolean isReady(RetryingClient caller) {
    try {
      return isAlive() && !frozen && caller.once(url() + "/q/health/ready").status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Kills the process and prevents further starts. */
  synchronized void end() throws InterruptedException {
    over = true;
    if (isAlive()) {
      kill();
    }
  }

  /** SIGTERM: the node releases the runs that it cannot finish. */
  void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
      kill();
    }
  }

  void freeze() throws IOException, InterruptedException {
    frozen = true;
    signal("STOP");
  }

  void thaw() throws IOException, InterruptedException {
    signal("CONT");
    frozen = false;
  }

  /** Sets the clock offset, which persists over restarts as that of a machine does. */
  void setClock(Duration ahead) throws IOException {
    OffsetClock.set(clock, ahead);
  }

  private void signal(String signal) throws IOException, InterruptedException {
    var pid = Long.toString(process.pid());
    if (new ProcessBuilder("kill", "-" + signal, pid).start().waitFor() != 0) {
      throw new IOException("kill -" + signal + " " + pid + " failed");
    }
  }

  /** The node id under which it owns runs at present. */
  Optional<String> owner() throws IOException {
    return Files.readAllLines(log.toPath()).stream()
        .map(JOINED::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1))
        .reduce((_, last) -> last);
  }

  /** The lines of its log that contain this text. */
  List<String> linesWith(String words) throws IOException {
    try (var lines = Files.lines(log.toPath())) {
      return lines.filter(line -> line.contains(words)).toList();
    }
  }

  /** The last lines of its log. */
  List<String> lastLines(int count) throws IOException {
    var lines = log.exists() ? Files.readAllLines(log.toPath()) : List.<String>of();
    return lines.subList(Math.max(0, lines.size() - count), lines.size());
  }
}
