package dev.threadmill.db.embedded;

import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.testing.PostgresResource;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A process of its own that keeps an embedded Postgres, for tests that kill it. */
final class ServerInAnotherJvm implements AutoCloseable {
  private final Process process;
  private final String firstLine;

  private ServerInAnotherJvm(Process process, String firstLine) {
    this.process = process;
    this.firstLine = firstLine;
  }

  /** Returns when the other process has printed its first line. */
  static ServerInAnotherJvm start(Path home) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ServerInAnotherJvm.class.getName(),
                home.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader lines = process.inputReader();
    return new ServerInAnotherJvm(process, lines.readLine());
  }

  /** The JDBC address, or why it did not start. */
  String firstLine() {
    return firstLine;
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGTERM, as a supervisor sends it. */
  void stop() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }

  public static void main(String... args) throws InterruptedException {
    try {
      var postgres =
          EmbeddedPostgres.start(Options.at(Path.of(args[0])).withCache(PostgresResource.cache()));
      Runtime.getRuntime().addShutdownHook(new Thread(postgres::close));
      System.out.println(postgres.jdbcUrl());
      new CountDownLatch(1).await();
    } catch (EmbeddedPostgresException e) {
      System.out.println(e.getMessage());
    }
  }
}
