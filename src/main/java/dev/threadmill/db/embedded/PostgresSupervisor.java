package dev.threadmill.db.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Supervises one PostgreSQL process: starts it, and restarts it on the same port when it ends.
 *
 * <p>One thread starts every process: the kernel signals a child when the thread that started it
 * ends, which is how PostgreSQL is stopped when the server was killed.
 */
final class PostgresSupervisor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PostgresSupervisor.class.getName());
  private static final Duration RECOVERY_LIMIT = Duration.ofMinutes(10);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(5);
  private static final int ATTEMPTS = 5;
  private static final long MAX_LOG_BYTES = 8L << 20;

  private final DataDirectory directory;
  private final PostgresLayout places;
  private final PostmasterProcess postmaster;
  private final String timeZone;
  private final Consumer<String> progress;
  private final CompletableFuture<Void> firstStart = new CompletableFuture<>();
  private final Thread supervisor =
      Thread.ofPlatform().name("embedded-postgres").daemon().unstarted(this::supervise);

  private volatile int port;
  private volatile boolean closing;
  private volatile Process process;

  PostgresSupervisor(DataDirectory directory, String timeZone, Consumer<String> progress) {
    this.directory = directory;
    this.places = directory.places();
    this.postmaster = new PostmasterProcess(places.data());
    this.timeZone = timeZone;
    this.progress = progress;
  }

  /** Returns when PostgreSQL accepts connections. */
  void start() throws InterruptedException {
    supervisor.start();
    try {
      firstStart.get();
    } catch (InterruptedException e) {
      close();
      throw e;
    } catch (ExecutionException e) {
      close();
      throw e.getCause() instanceof EmbeddedPostgresException known
          ? known
          : new EmbeddedPostgresException(
              "PostgreSQL cannot be started: " + e.getCause().getMessage(), e);
    }
  }

  int port() {
    return port;
  }

  /** Kills PostgreSQL and waits until it accepts connections again. */
  void crashAndRestart() throws InterruptedException {
    Process killed = process;
    killed.destroyForcibly().waitFor();
    while (!closing && (process == killed || !isUp())) {
      Thread.sleep(20);
    }
  }

  private boolean isUp() {
    var pid = postmaster.pid();
    return pid.isPresent() && isOurs(pid.getAsLong()) && postmaster.ready();
  }

  @Override
  public void close() {
    closing = true;
    boolean interrupted = false;
    // Wait until it is down even if interrupted: the lock of the folder is released next.
    while (true) {
      try {
        supervisor.interrupt();
        supervisor.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void supervise() {
    try {
      for (Duration pause = Duration.ofMillis(50); !closing; Thread.sleep(pause)) {
        long began = System.nanoTime();
        try {
          launch();
          if (!firstStart.complete(null)) {
            LOG.log(System.Logger.Level.WARNING, "embedded_postgres=restarted port=" + port);
          }
          int exit = process.waitFor();
          LOG.log(System.Logger.Level.WARNING, "embedded_postgres=ended exit=" + exit);
        } catch (IOException | RuntimeException e) {
          if (firstStart.completeExceptionally(e)) {
            return;
          }
          LOG.log(System.Logger.Level.ERROR, "embedded_postgres=failing error=" + e.getMessage());
        }
        boolean ranWell = System.nanoTime() - began > Duration.ofSeconds(30).toNanos();
        pause = ranWell ? Duration.ofMillis(50) : backOff(pause);
      }
    } catch (InterruptedException e) {
      // close() interrupts this thread
    } finally {
      stop();
    }
  }

  private static Duration backOff(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : twice;
  }

  private void stop() {
    Thread.interrupted(); // clear the interrupt
    try {
      postmaster.stopLeftovers();
      if (process != null && process.isAlive()) {
        PostmasterProcess.stop(process.pid()); // it had not written its pid file yet
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "embedded_postgres=not_stopped error=" + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts PostgreSQL and waits until it accepts connections. */
  private void launch() throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      postmaster.stopLeftovers();
      if (port == 0) {
        port = freePort();
      }
      directory.configure(port, timeZone);
      rotateLog();
      long logged = Files.exists(places.log()) ? Files.size(places.log()) : 0;
      var builder =
          new ProcessBuilder(command())
              .directory(places.folder().toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(places.log().toFile()));
      // Variables that configure psql must not affect the server.
      builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
      builder.environment().put("LC_ALL", "C");
      process = builder.start();
      if (awaitReady()) {
        return;
      }
      String lastLine = lastLogLine(logged);
      if (attempt == ATTEMPTS) {
        throw new EmbeddedPostgresException(
            "PostgreSQL ended during its start: " + lastLine + " (log: " + places.log() + ")");
      }
      if (!firstStart.isDone() && lastLine.contains("TCP/IP")) {
        port = 0; // another program took the port; it may change only until clients know it
      }
      Thread.sleep(100L * attempt);
    }
  }

  /**
   * PostgreSQL as a direct child in a session of its own, so that Ctrl-C in the terminal reaches
   * only the server, which stops PostgreSQL last.
   */
  private List<String> command() {
    List<String> words = new ArrayList<>();
    if (Command.findExecutable("setsid").isPresent()) {
      words.add("setsid");
    }
    words.addAll(places.user().map(RunAsUser::commandPrefix).orElse(List.of()));
    // If this process is killed, the kernel signals PostgreSQL to shut down.
    List<String> signalOnParentExit = List.of("setpriv", "--pdeathsig", "INT", "--");
    List<String> probe = new ArrayList<>(signalOnParentExit);
    probe.add("true");
    if (Command.run(Duration.ofSeconds(10), probe).ok()) {
      words.addAll(signalOnParentExit);
    }
    words.addAll(
        List.of(directory.tree().program("postgres").toString(), "-D", places.data().toString()));
    return words;
  }

  /** Whether PostgreSQL became ready; false if it ended before. */
  private boolean awaitReady() throws InterruptedException {
    long began = System.nanoTime();
    boolean isLogged = false;
    while (process.isAlive()) {
      if (isUp()) {
        return true;
      }
      long waited = System.nanoTime() - began;
      if (waited > RECOVERY_LIMIT.toNanos()) {
        throw new EmbeddedPostgresException(
            "PostgreSQL did not become ready in " + RECOVERY_LIMIT.toMinutes() + " minutes");
      }
      if (!isLogged && waited > Duration.ofSeconds(5).toNanos()) {
        progress.accept("PostgreSQL is recovering from its last stop…");
        isLogged = true;
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
    if (Files.exists(places.log()) && Files.size(places.log()) > MAX_LOG_BYTES) {
      Path old = places.folder().resolve("postgres.log.old");
      Files.move(places.log(), old, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private String lastLogLine(long from) throws IOException {
    try (var file = Files.newByteChannel(places.log())) {
      file.position(Math.max(from, file.size() - 16_384));
      byte[] bytes = Channels.newInputStream(file).readAllBytes();
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      return lines.stream()
          .filter(line -> line.contains("FATAL") || line.contains("PANIC"))
          .reduce((_, last) -> last)
          .or(() -> lines.stream().reduce((_, last) -> last))
          .orElse("no output")
          .strip();
    }
  }
}
