package dev.threadmill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
  private final int port = ServerProcess.freePort();
  private final int controllerPort = ServerProcess.freePort();
  private Process process;

  /** The value for THREADMILL_KAFKA, valid also while the broker is down. */
  public String servers() {
    return "127.0.0.1:" + port;
  }

  /** Starts the broker and waits until it accepts connections. */
  public KafkaBroker start() {
    try {
      Path settings = home.resolve("server.properties");
      if (!Files.exists(settings)) {
        fetchJars();
        Files.writeString(settings, settings());
        int code =
            java(
                    "kafka.tools.StorageTool",
                    "format",
                    "-t",
                    "MkU3OEVBNTcwNTJENDM2Qk",
                    "-c",
                    settings.toString())
                .waitFor();
        if (code != 0) {
          throw new IOException(Files.readString(home.resolve("broker.log")));
        }
      }
      process = java("kafka.Kafka", settings.toString());
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

  private Process java(String... words) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            JARS + "/*"));
    command.addAll(List.of(words));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("broker.log").toFile()))
        .start();
  }

  private boolean takesConnections() {
    if (!process.isAlive()) {
      throw new IllegalStateException("Kafka has ended, see " + home.resolve("broker.log"));
    }
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
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

  private String settings() {
    return """
    process.roles=broker,controller
    node.id=1
    controller.quorum.voters=1@127.0.0.1:%2$d
    listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
    advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
    controller.listener.names=CONTROLLER
    log.dirs=%3$s
    num.partitions=1
    offsets.topic.num.partitions=1
    offsets.topic.replication.factor=1
    group.initial.rebalance.delay.ms=0
    """
        .formatted(port, controllerPort, home.resolve("data"));
  }
}
