package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The PostgreSQL server process of a data directory: what {@code postmaster.pid} says, checked
 * against the processes that run.
 */
record PostmasterProcess(Path data) {
  private static final Path PROC = Path.of("/proc");

  private Path pidFile() {
    return data.resolve("postmaster.pid");
  }

  private List<String> lines() {
    try {
      return Files.readAllLines(pidFile());
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The pid in the file, which may belong to another process by now. */
  OptionalLong pid() {
    try {
      List<String> lines = lines();
      return lines.isEmpty()
          ? OptionalLong.empty()
          : OptionalLong.of(Math.abs(Long.parseLong(lines.getFirst().strip())));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** Whether the server reports that it accepts connections. */
  boolean ready() {
    List<String> lines = lines();
    return lines.size() >= 8 && lines.get(7).strip().equals("ready");
  }

  /**
   * Stops every PostgreSQL process that still runs on this data, and replaces a stale pid that
   * belongs to another program by now, which would prevent the next start. The caller holds the
   * lock of the folder, so no server owns these processes.
   */
  void stopLeftovers() throws IOException, InterruptedException {
    OptionalLong pid = pid();
    if (pid.isPresent() && isServer(pid.getAsLong())) {
      stop(pid.getAsLong());
    }
    // Backends outlive a killed postmaster for a moment and still write.
    for (long left : orphanedBackends()) {
      signal(left, "TERM");
      if (!awaitExit(left, Duration.ofSeconds(10))) {
        signal(left, "KILL");
        awaitExit(left, Duration.ofSeconds(10));
      }
    }
    OptionalLong claimed = pid();
    if (claimed.isPresent() && ProcessHandle.of(claimed.getAsLong()).isPresent()) {
      replaceStalePid();
    }
  }

  /**
   * Fast shutdown, then immediate shutdown, then SIGKILL. After each, PostgreSQL recovers every
   * commit.
   */
  static void stop(long pid) throws IOException, InterruptedException {
    signal(pid, "INT");
    if (awaitExit(pid, Duration.ofSeconds(30))) {
      return;
    }
    signal(pid, "QUIT");
    if (awaitExit(pid, Duration.ofSeconds(10))) {
      return;
    }
    signal(pid, "KILL");
    if (!awaitExit(pid, Duration.ofSeconds(10))) {
      throw new EmbeddedPostgresException("the PostgreSQL with pid " + pid + " cannot be stopped");
    }
  }

  static void signal(long pid, String name) {
    Command.run(
        Duration.ofSeconds(10),
        List.of("/bin/sh", "-c", "kill -" + name + " " + pid + " 2>/dev/null"));
  }

  private static boolean awaitExit(long pid, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (isAlive(pid)) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(10);
    }
    return true;
  }

  /**
   * Replaces the stale pid by that of this process. PostgreSQL treats a file with the pid of its
   * parent as stale, and still checks the shared memory that the file names, which it would not do
   * if the file were deleted.
   */
  private void replaceStalePid() throws IOException {
    List<String> lines = new ArrayList<>(lines());
    if (!lines.isEmpty()) {
      lines.set(0, Long.toString(ProcessHandle.current().pid()));
      Files.write(pidFile(), lines);
    }
  }

  /** Whether a process is running; a zombie is not. */
  static boolean isAlive(long pid) {
    if (Files.isDirectory(PROC.resolve("self"))) {
      try {
        String stat = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
        char state = stat.charAt(stat.lastIndexOf(')') + 2);
        return state != 'Z' && state != 'X';
      } catch (IOException | IndexOutOfBoundsException e) {
        return false;
      }
    }
    var result = Command.run(Duration.ofSeconds(10), List.of("ps", "-o", "stat=", "-p", "" + pid));
    return result.ok() && !result.output().isBlank() && !result.output().strip().startsWith("Z");
  }

  /** Whether a process is a running postgres in this data directory. */
  boolean isServer(long pid) {
    if (!isAlive(pid)) {
      return false;
    }
    if (Files.isDirectory(PROC.resolve("self"))) {
      return usesThisData(PROC.resolve(Long.toString(pid)));
    }
    var result =
        Command.run(Duration.ofSeconds(10), List.of("ps", "-o", "command=", "-p", "" + pid));
    return result.output().contains("postgres") && result.output().contains(data.toString());
  }

  /**
   * The running PostgreSQL processes whose working directory is this one; none where there is no
   * /proc.
   */
  private List<Long> orphanedBackends() throws IOException {
    if (!Files.isDirectory(PROC.resolve("self"))) {
      return List.of();
    }
    try (Stream<Path> processes = Files.list(PROC)) {
      return processes
          .filter(process -> process.getFileName().toString().matches("\\d+"))
          .filter(this::usesThisData)
          .map(process -> Long.valueOf(process.getFileName().toString()))
          .filter(PostmasterProcess::isAlive)
          .toList();
    }
  }

  private boolean usesThisData(Path process) {
    return link(process.resolve("cwd")).equals(Optional.of(data))
        && link(process.resolve("exe"))
            .map(exe -> exe.getFileName().toString().startsWith("postgres"))
            .orElse(false);
  }

  private static Optional<Path> link(Path link) {
    try {
      return Optional.of(Files.readSymbolicLink(link));
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // ended, or owned by another user
    }
  }
}
