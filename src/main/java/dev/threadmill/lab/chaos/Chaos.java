package dev.threadmill.lab.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** The command {@code ./threadmill chaos [minutes] [--seed N]}. */
public final class Chaos {
  private static final int NODES = 3;
  private static final int USUAL_MINUTES = 5;
  private static final int MOST_MINUTES = 24 * 60;
  private static final long LINE_SECONDS = 30;

  private Chaos() {}

  /**
   * Exit code 0 if no guarantee was violated, 1 if one was or the test could not run, 2 for invalid
   * arguments.
   *
   * @param args the folder of the built server, then the arguments of the command
   */
  public static void main(String... args) {
    var arguments = new ArrayList<>(List.of(args).subList(1, args.length));
    long seed = RandomGenerator.getDefault().nextInt(1_000_000);
    int minutes = USUAL_MINUTES;
    try {
      int option = arguments.indexOf("--seed");
      if (option >= 0) {
        seed = Long.parseLong(arguments.remove(option + 1));
        arguments.remove(option);
      }
      if (!arguments.isEmpty()) {
        minutes = Integer.parseInt(arguments.removeFirst());
      }
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      minutes = 0;
    }
    if (!arguments.isEmpty() || minutes < 1 || minutes > MOST_MINUTES) {
      System.err.println(
          "Usage: ./threadmill chaos [minutes] [--seed N], with 1 to " + MOST_MINUTES + " minutes");
      System.exit(2);
    }
    System.exit(run(Path.of(args[0]), Duration.ofMinutes(minutes), seed));
  }

  private static int run(Path server, Duration length, long seed) {
    try (var cluster = new ChaosCluster()) {
      System.out.printf(
          "chaos of %d min with seed %d: starting Postgres and %d nodes with a lease of %d s…%n",
          length.toMinutes(), seed, NODES, ChaosCluster.LEASE.toSeconds());
      try {
        cluster.start(server, NODES);
        return execute(cluster, length, seed);
      } catch (IOException | SQLException | InterruptedException | RuntimeException e) {
        System.err.println("threadmill: chaos failed: " + e);
        System.err.println(cluster.lastLines());
        return 1;
      }
    } catch (IOException e) {
      System.err.println("threadmill: chaos could not start: " + e.getMessage());
      return 1;
    }
  }

  private static int execute(ChaosCluster cluster, Duration length, long seed)
      throws IOException, SQLException, InterruptedException {
    var tally = new ChaosReport();
    var clients = new ClientPool(cluster, seed, tally);
    var nemesis = new Nemesis(cluster, clients, tally, new SplittableRandom(seed));
    long end = System.nanoTime() + length.toNanos();
    try (var lines =
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory())) {
      lines.scheduleAtFixedRate(
          () -> System.out.println(tally.progressLine()),
          LINE_SECONDS,
          LINE_SECONDS,
          TimeUnit.SECONDS);
      clients.start();
      while (System.nanoTime() < end) {
        nemesis.injectFault();
      }
      System.out.println("no more faults; waiting for active runs…");
      var outcomes = clients.finish();
      System.out.println("comparing " + outcomes.size() + " runs with the guarantees…");
      new FinalChecks(cluster, tally).run(outcomes);
      lines.shutdownNow();
    }
    tally.print(System.out, cluster);
    if (!tally.isClean()) {
      System.out.printf(
          "%nguarantees were violated; repeat with: ./threadmill chaos %d --seed %d%n",
          length.toMinutes(), seed);
      System.out.println(cluster.lastLines());
      return 1;
    }
    System.out.printf("%nno violation (seed %d)%n", seed);
    return 0;
  }
}
