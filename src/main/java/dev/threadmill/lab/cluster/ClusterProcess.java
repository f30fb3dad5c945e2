package dev.threadmill.lab.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of the local cluster. Its output is printed with its name as prefix. */
record ClusterProcess(String name, Process process) {
  private static final long LONGEST_END_SECONDS = 40;

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  static ClusterProcess start(String name, List<String> command, Map<String, String> settings)
      throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(settings);
    var part = new ClusterProcess(name, builder.start());
    var lines = part.process.inputReader();
    Thread.ofPlatform().daemon().name(name).start(() -> part.pass(lines));
    return part;
  }

  boolean isNode() {
    return name.startsWith("node ");
  }

  /**
   * Waits until a process listens on the port.
   *
   * @throws IOException if this process ends first
   */
  void awaitPort(int port) throws IOException, InterruptedException {
    while (!listens(port)) {
      if (!process.isAlive()) {
        throw new IOException(name + " has ended; the output above says why");
      }
      Thread.sleep(100);
    }
  }

  private static boolean listens(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  void stop() {
    process.destroy();
  }

  void awaitEnd() {
    try {
      if (!process.waitFor(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  private void pass(BufferedReader lines) {
    try {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        System.out.println(name + " | " + line);
      }
    } catch (IOException e) {
      // The process was killed.
    }
    System.out.println(name + " | has ended");
  }

  @Override
  public String toString() {
    return name + " is pid " + process.pid();
  }
}
