package dev.threadmill.sandbox;

import java.util.List;

/** A way to run a process that can reach nothing but its own folders. */
interface CageRuntime {
  /** Its name, for {@link Availability}. */
  String name();

  /** What is missing for it on this machine, as one line with the remedy; null for nothing. */
  String missing();

  /**
   * The number of the user that runs the session with this index and owns its folders; negative for
   * the user of the server.
   */
  int owner(int place);

  /** The command that runs the driver, with requests, output and answers on its standard files. */
  List<String> command(Cage cage);

  /**
   * What the standard error of a command that did not start means, with the remedy, in one line.
   */
  String explain(String errors);

  /** Limits the processes of a session together, before any code runs, where that is possible. */
  default ControlGroup limit(Process process, Cage cage) {
    return null;
  }

  /** Interrupts the code, as Ctrl-C does in a terminal. */
  void interrupt(Process process, Cage cage);

  /** Stops all processes of the session. Returns false if some still run. */
  boolean freeze(Process process, Cage cage);

  /** Lets them continue. */
  void thaw(Process process, Cage cage);

  /** Ends all processes of the session. */
  void kill(Process process, Cage cage);

  /** What the processes use. */
  Usage usage(Process process, Cage cage, long memoryLimit);

  /**
   * A session to run.
   *
   * @param name unique on this node
   * @param folder its files
   */
  record Cage(String name, SessionFolder folder) {}

  /**
   * @param memory in bytes
   * @param written how many bytes were written to disks so far, deleted files included
   */
  record Usage(long memory, long written) {}
}
