package dev.threadmill.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The processes below one, read from {@code /proc}. */
final class ProcessTree {
  private static final Path PROC = Path.of("/proc");
  private static final int MAX_PROCESSES = 10_000;
  private static final int PAGE = 4096;
  private static final int STOP_ROUNDS = 400;
  private static final long STOP_PAUSE_NANOS = 500_000;

  private ProcessTree() {}

  /** The descendants of a process, parents first, without the process itself. */
  static List<Long> below(long process) {
    var found = new ArrayList<Long>();
    var open = new ArrayDeque<Long>();
    open.add(process);
    while (!open.isEmpty() && found.size() < MAX_PROCESSES) {
      for (long child : children(open.poll())) {
        found.add(child);
        open.add(child);
      }
    }
    return found;
  }

  /** The children of a process. */
  static List<Long> children(long process) {
    var children = new ArrayList<Long>();
    for (var thread : threads(process)) {
      for (var child : text(thread.resolve("children")).split("\\s+")) {
        if (!child.isEmpty()) {
          children.add(Long.parseLong(child));
        }
      }
    }
    return children;
  }

  /**
   * The memory of these processes in bytes. Pages that several share are counted once if the sum
   * would exceed the limit otherwise.
   */
  static long memory(List<Long> processes, long limit) {
    long resident = 0;
    var threads = new ArrayList<Path>();
    for (long process : processes) {
      for (var thread : threads(process)) {
        long pages = residentPages(thread);
        if (pages > 0) {
          resident += pages * PAGE;
          threads.add(thread);
          break;
        }
      }
    }
    if (resident <= limit) {
      return resident;
    }
    return threads.stream().mapToLong(each -> 1024 * field(each, "smaps_rollup", "Pss:")).sum();
  }

  /** The threads of a process share their memory. One that has ended shows none. */
  private static long residentPages(Path thread) {
    var fields = text(thread.resolve("statm")).split(" ");
    return fields.length > 1 ? Long.parseLong(fields[1]) : 0;
  }

  /** How many bytes these processes, and those that they have waited for, wrote to disks. */
  static long written(List<Long> processes) {
    long written = 0;
    for (long process : processes) {
      written +=
          field(PROC.resolve(Long.toString(process)), "io", "write_bytes:")
              - field(PROC.resolve(Long.toString(process)), "io", "cancelled_write_bytes:");
    }
    return written;
  }

  /**
   * Stops processes until none below the given one runs. A process that ended since it was listed
   * may have started another, so its round counts as one in which a process ran.
   *
   * @param spared the number of generations below the process that are not stopped
   * @return false if some still run after a while
   */
  static boolean stop(long process, int spared) {
    int quiet = 0;
    for (int round = 0; round < STOP_ROUNDS && quiet < 2; round++) {
      var running = beneath(process, spared).stream().filter(ProcessTree::isRunning).toList();
      running.forEach(each -> Signals.send(each, Signals.STOP));
      quiet = running.isEmpty() ? quiet + 1 : 0;
      if (quiet < 2) {
        LockSupport.parkNanos(STOP_PAUSE_NANOS);
      }
    }
    return quiet == 2;
  }

  /** Lets stopped processes continue. */
  static void resume(long process, int spared) {
    beneath(process, spared).forEach(each -> Signals.send(each, Signals.CONT));
  }

  /** The descendants without the nearest generations. */
  static List<Long> beneath(long process, int spared) {
    var parents = List.of(process);
    for (int i = 0; i < spared; i++) {
      parents = parents.stream().flatMap(each -> children(each).stream()).toList();
    }
    return parents.stream().flatMap(each -> below(each).stream()).toList();
  }

  /**
   * Whether a thread of the process runs or has just ended. The state of the process is that of its
   * first thread, which may have ended while others run.
   */
  private static boolean isRunning(long process) {
    var threads = threads(process);
    return threads.isEmpty() || threads.stream().anyMatch(ProcessTree::isThreadRunning);
  }

  private static boolean isThreadRunning(Path thread) {
    var stat = text(thread.resolve("stat"));
    int end = stat.lastIndexOf(')');
    return end < 0 || end + 2 >= stat.length() || "TtZX".indexOf(stat.charAt(end + 2)) < 0;
  }

  /** The folders of the threads of a process; none if it has ended. */
  private static List<Path> threads(long process) {
    var found = new ArrayList<Path>();
    try (var threads = Files.newDirectoryStream(PROC.resolve(process + "/task"))) {
      threads.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      // It has ended.
    }
    return found;
  }

  private static long field(Path folder, String file, String name) {
    return text(folder.resolve(file))
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip().split(" ")[0])
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
