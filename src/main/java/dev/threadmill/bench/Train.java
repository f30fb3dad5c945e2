package dev.threadmill.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Writes the ahead-of-time cache of the JVM (JEP 514, JEP 515) for a freshly built server: one is
 * started, has some runs to do and is stopped, and its JVM keeps which classes that took, linked,
 * and which methods are worth compiling. Servers that are started with the cache are ready in a
 * third of the time, and warm much sooner.
 */
public final class Train {
  private static final int CLIENTS = 4;
  private static final Duration TIME = Duration.ofSeconds(4);
  private static final int LONG_THREAD = 1_000;
  private static final int RUNS_ON_IT = 50;
  private static final Duration LONGEST_WRITING = Duration.ofMinutes(3);

  private Train() {}

  /** Takes the file to write. */
  public static void main(String... args) {
    try (var stage = new Stage(Path.of(System.getProperty("threadmill.launcher")))) {
      var server = stage.startServer(Map.of("JAVA_OPTS", "-XX:AOTCacheOutput=" + Path.of(args[0])));
      var sides = new Sides(stage, server, 1);
      Load.closed(CLIENTS, TIME, sides::viaServer, (client, since) -> client.run("mock-0", since));
      Load.closed(
          1, TIME, sides::viaServer, (client, since) -> client.runWithTool("mock-0-turns2", since));
      try (var client = sides.viaServer()) {
        var thread = client.makeThread(LONG_THREAD);
        for (int i = 0; i < RUNS_ON_IT; i++) {
          client.runOn(thread, "mock-0", System.nanoTime());
        }
      }
      server.stop(LONGEST_WRITING);
    } catch (Exception e) {
      System.err.println("threadmill: " + e);
      System.exit(1);
    }
    System.exit(0);
  }
}
