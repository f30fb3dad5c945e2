package dev.threadmill.lab.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A single-node Kafka broker, formatted at each start because signals need no storage.
 *
 * @param jars the folder with the jars of Kafka
 * @param home the folder for its settings and data
 */
public record KafkaProcess(Path jars, Path home, int port, int controllerPort) {
  private static final String CLUSTER_ID = "dGhyZWFkbWlsbC1jbHVzdA";

  /** The value for THREADMILL_KAFKA. */
  public String servers() {
    return "127.0.0.1:" + port;
  }

  ClusterProcess start() throws IOException, InterruptedException {
    clear();
    writeSettings();
    var format = ClusterProcess.start("kafka format", formatCommand(), Map.of());
    if (format.process().waitFor() != 0) {
      throw new IOException("Kafka's storage could not be formatted; the output above says why");
    }
    var kafka = ClusterProcess.start("kafka", brokerCommand(), Map.of());
    kafka.awaitPort(port);
    return kafka;
  }

  /** Writes the file that both commands read. */
  public void writeSettings() throws IOException {
    Files.writeString(settingsFile(), settings());
  }

  /** The command that formats the storage, which a new broker needs once. */
  public List<String> formatCommand() {
    return java(
        "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", settingsFile().toString());
  }

  /** The command that runs the broker. */
  public List<String> brokerCommand() {
    return java("kafka.Kafka", settingsFile().toString());
  }

  private Path settingsFile() {
    return home.resolve("server.properties");
  }

  private List<String> java(String... words) {
    var command = new ArrayList<String>();
    command.add(ClusterProcess.java());
    command.addAll(
        List.of(
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            jars + "/*"));
    command.addAll(List.of(words));
    return command;
  }

  private void clear() throws IOException {
    Files.createDirectories(home);
    try (var all = Files.walk(home)) {
      for (Path each : all.sorted((one, other) -> other.compareTo(one)).toList()) {
        if (!each.equals(home)) {
          Files.delete(each);
        }
      }
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
    log.retention.ms=600000
    """
        .formatted(port, controllerPort, home.resolve("data"));
  }
}
