package dev.threadmill.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Control groups of the kernel for a session, below the one of the server: an exact limit for the
 * memory of all of its processes together, where the server may create groups. Elsewhere {@link
 * CodeCall} watches alone.
 */
final class ControlGroup {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");
  private static final int FREEZE_TRIES = 400;
  private static final long FREEZE_PAUSE_NANOS = 500_000;
  private static final int DELETE_TRIES = 500;
  private static final long DELETE_PAUSE_NANOS = 2_000_000;

  private final List<Path> folders = new ArrayList<>();

  private ControlGroup() {}

  /**
   * Creates the groups that can be created here, and moves these processes into them.
   *
   * @param name unique on this machine
   * @param memory in bytes
   */
  static ControlGroup create(String name, long memory, List<Long> processes) {
    var group = new ControlGroup();
    var limit = Long.toString(memory);
    group.add("", name, Map.of("memory.max", limit, "memory.swap.max", "0"), processes);
    if (group.folders.isEmpty()) {
      group.add("memory", name, Map.of("memory.limit_in_bytes", limit), processes);
    }
    return group;
  }

  private void add(
      String controller, String name, Map<String, String> limits, List<Long> processes) {
    var parent = own(controller);
    if (parent.isEmpty()) {
      return;
    }
    var folder = parent.get().resolve(name);
    try {
      Files.createDirectory(folder);
      folders.add(folder);
      for (var limit : limits.entrySet()) {
        write(folder.resolve(limit.getKey()), limit.getValue());
      }
      for (long process : processes) {
        write(folder.resolve("cgroup.procs"), Long.toString(process));
      }
    } catch (IOException e) {
      // The server may not, or the controller is not on.
      if (folders.remove(folder)) {
        remove(folder);
      }
    }
  }

  /** The group of the server; empty if it is not to be seen or not to be changed. */
  private static Optional<Path> own(String controller) {
    try (var lines = Files.lines(Path.of("/proc/self/cgroup"))) {
      return lines
          .map(line -> line.split(":", 3))
          .filter(parts -> List.of(parts[1].split(",")).contains(controller))
          .map(parts -> ROOT.resolve(controller).resolve(parts[2].substring(1)))
          .filter(Files::isWritable)
          .findFirst();
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static void write(Path file, String value) throws IOException {
    // Not created if it does not exist: the controller is off then.
    Files.write(
        file, value.getBytes(StandardCharsets.UTF_8), java.nio.file.StandardOpenOption.WRITE);
  }

  /** Whether the kernel limits the memory of the session. */
  boolean isLimited() {
    return !folders.isEmpty();
  }

  /**
   * Stops all processes of the group at once. Version 1 of control groups cannot.
   *
   * @return false if they may still run
   */
  boolean freeze() {
    if (!setFrozen("1")) {
      return false;
    }
    for (int i = 0; i < FREEZE_TRIES; i++) {
      if (isFrozen()) {
        return true;
      }
      LockSupport.parkNanos(FREEZE_PAUSE_NANOS);
    }
    setFrozen("0");
    return false;
  }

  /** Lets the processes continue that {@link #freeze} stopped. */
  void thaw() {
    setFrozen("0");
  }

  private boolean setFrozen(String value) {
    try {
      for (var folder : folders) {
        write(folder.resolve("cgroup.freeze"), value);
      }
      return !folders.isEmpty();
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isFrozen() {
    for (var folder : folders) {
      try (var lines = Files.lines(folder.resolve("cgroup.events"))) {
        if (lines.noneMatch("frozen 1"::equals)) {
          return false;
        }
      } catch (IOException | UncheckedIOException e) {
        return false;
      }
    }
    return true;
  }

  /** How many processes the kernel has ended because the session had no memory left. */
  long killed() {
    return folders.stream().mapToLong(ControlGroup::killed).sum();
  }

  private static long killed(Path folder) {
    for (var file : List.of("memory.events", "memory.oom_control")) {
      try (var lines = Files.lines(folder.resolve(file))) {
        return lines
            .filter(line -> line.startsWith("oom_kill "))
            .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length()).strip()))
            .sum();
      } catch (IOException | RuntimeException e) {
        // The other version of control groups has the other file.
      }
    }
    return 0;
  }

  /** Deletes the groups, once their processes have ended. */
  void delete() {
    folders.forEach(ControlGroup::remove);
    folders.clear();
  }

  private static void remove(Path folder) {
    for (int i = 0; i < DELETE_TRIES; i++) {
      try {
        // Such a folder is removed with the files that the kernel shows in it.
        Files.deleteIfExists(folder);
        return;
      } catch (IOException e) {
        LockSupport.parkNanos(DELETE_PAUSE_NANOS);
      }
    }
  }
}
