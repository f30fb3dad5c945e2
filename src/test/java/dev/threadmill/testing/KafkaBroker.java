package dev.threadmill.testing;

import dev.threadmill.lab.cluster.KafkaProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;

/**
 * A real Kafka broker in a process of its own, for tests that kill and restart it. It keeps its
 * port and its data.
 */
public final class KafkaBroker implements AutoCloseable {
  private static final Path JARS = Path.of("target/kafka-broker").toAbsolutePath();
  private static final Path POM = Path.of("deploy/kafka-broker/pom.xml").toAbsolutePath();

  private final Path home = PostgresResource.temporaryHome();
  private final KafkaProcess kafka =
      new KafkaProcess(JARS, home, ServerProcess.freePort(), ServerProcess.freePort());
  private Process process;

  /** The value for THREADMILL_KAFKA, valid also while the broker is down. */
  public String servers() {
    return kafka.servers();
  }

  /** Starts the broker and waits until it accepts connections. */
  public KafkaBroker start() {
    try {
      if (!Files.exists(log())) {
        fetchJars();
        kafka.writeSettings();
        if (start(kafka.formatCommand()).waitFor() != 0) {
          throw new IOException(Files.readString(log()));
        }
      }
      process = start(kafka.brokerCommand());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Awaitility.await("Kafka").atMost(Duration.ofSeconds(40)).until(this::takesConnections);
    return this;
  }

  /** {@code kill -9}. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    if (process != null) {
      kill();
    }
    PostgresResource.delete(home);
  }

  private Path log() {
    return home.resolve("broker.log");
  }

  private Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
        .start();
  }

  private boolean takesConnections() {
    if (!process.isAlive()) {
      throw new IllegalStateException("Kafka has ended, see " + log());
    }
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", kafka.port()), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static synchronized void fetchJars() throws IOException, InterruptedException {
    if (Files.isDirectory(JARS)) {
      return;
    }
    var command = List.of("mvn", "-q", "-B", "-ntp", "-f", POM.toString());
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IOException("the jars of Kafka could not be fetched");
    }
  }
}
