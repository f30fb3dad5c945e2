package dev.threadmill.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.sandbox.CageRuntime.Cage;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The process of a session, and the protocol of {@code kernel.py}. What it sends is bounded and
 * never trusted: the code of the model runs in it.
 */
final class DriverProcess {
  private static final Duration START = Duration.ofSeconds(30);
  private static final int MAX_ANSWER = 1 << 16;
  private static final int MAX_ERRORS = 4096;
  private static final int PIECE = 8192;
  private static final int PIECES = 64;

  private final Process process;
  private final CageRuntime runtime;
  private final Cage cage;
  private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(PIECES);
  private volatile boolean isAlive = true;
  private volatile String errors = "";
  private volatile ControlGroup group;

  /** What the process sends. */
  sealed interface Event {
    record Output(byte[] bytes) implements Event {}

    record Answer(String status) implements Event {}

    record Ended() implements Event {}
  }

  private DriverProcess(Process process, CageRuntime runtime, Cage cage) {
    this.process = process;
    this.runtime = runtime;
    this.cage = cage;
  }

  /** Starts the process and waits until it is ready. */
  static DriverProcess start(CageRuntime runtime, Cage cage)
      throws SandboxException, InterruptedException {
    var builder = new ProcessBuilder(runtime.command(cage));
    builder.environment().keySet().retainAll(java.util.Set.of("PATH", "HOME", "DOCKER_HOST"));
    var driver = new DriverProcess(launch(builder), runtime, cage);
    Thread.ofPlatform().daemon().name("sandbox-output").start(driver::readOutput);
    Thread.ofPlatform().daemon().name("sandbox-answers").start(driver::readAnswers);
    try {
      driver.awaitReady();
      driver.group = runtime.limit(driver.process, cage);
      return driver;
    } catch (SandboxException | InterruptedException e) {
      driver.kill();
      throw e;
    }
  }

  private static Process launch(ProcessBuilder builder)
      throws SandboxException, InterruptedException {
    try {
      return CagedProcesses.start(builder);
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "A program does not start: " + Programs.oneLine(e.getMessage()));
    }
  }

  private void awaitReady() throws SandboxException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    while (true) {
      var event = events.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      switch (event) {
        case Event.Answer(var status) when status.equals("ready") -> {
          return;
        }
        case Event.Output _ -> {}
        case null -> throw notStarted("it does not answer");
        case Event.Answer _, Event.Ended _ -> {
          process.waitFor(1, TimeUnit.SECONDS);
          throw notStarted(errors.isBlank() ? "it ends at once" : errors);
        }
      }
    }
  }

  private SandboxException notStarted(String why) {
    return new SandboxException(SandboxException.Kind.FAILED, runtime.explain(why));
  }

  private void readOutput() {
    try (InputStream in = process.getInputStream()) {
      var buffer = new byte[PIECE];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        events.put(new Event.Output(java.util.Arrays.copyOf(buffer, read)));
      }
    } catch (IOException | InterruptedException e) {
      // The process was ended; the reader of the answers says so.
    }
  }

  private void readAnswers() {
    try (var in = new DataInputStream(process.getErrorStream())) {
      skipErrors(in);
      for (boolean isFirst = true; ; isFirst = false) {
        // The zero that ended the errors is the first byte of the first length.
        int length = isFirst ? in.readUnsignedByte() << 16 | in.readUnsignedShort() : in.readInt();
        if (length < 0 || length > MAX_ANSWER) {
          throw new IOException("an answer of %d bytes".formatted(length));
        }
        JsonNode answer = Json.MAPPER.readTree(in.readNBytes(length));
        events.put(new Event.Answer(answer.path("status").asText("")));
      }
    } catch (IOException | InterruptedException e) {
      postEnded();
    }
  }

  private void postEnded() {
    isAlive = false;
    try {
      events.put(new Event.Ended());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Programs that fail before the driver starts write text, which has no zeros. */
  private void skipErrors(InputStream in) throws IOException {
    var text = new ByteArrayOutputStream();
    for (int next = in.read(); next != 0; next = in.read()) {
      if (next < 0) {
        errors = text.toString(StandardCharsets.UTF_8);
        throw new IOException("ended");
      }
      if (text.size() < MAX_ERRORS) {
        text.write(next);
      }
    }
    errors = text.toString(StandardCharsets.UTF_8);
  }

  /** Whether it can execute code. */
  boolean isAlive() {
    return isAlive && process.isAlive();
  }

  /**
   * Sends code. {@link #next} returns what follows. The process may not read it, so this does not
   * wait for that.
   *
   * @param marker what the driver writes behind the output of the code
   */
  void send(String code, String marker) {
    events.removeIf(event -> !(event instanceof Event.Ended));
    var frame = Json.write(Map.of("code", code, "marker", marker)).getBytes(StandardCharsets.UTF_8);
    Thread.ofVirtual().name("sandbox-request").start(() -> write(frame));
  }

  private void write(byte[] frame) {
    try {
      var out = process.getOutputStream();
      out.write(ByteBuffer.allocate(4).putInt(frame.length).array());
      out.write(frame);
      out.flush();
    } catch (IOException e) {
      postEnded();
    }
  }

  /** The next message of the process; null if none arrives within the time. */
  Event next(Duration patience) throws InterruptedException {
    return events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  void interrupt() {
    runtime.interrupt(process, cage);
  }

  boolean freeze() {
    var limits = group;
    return limits != null && limits.freeze() || runtime.freeze(process, cage);
  }

  void thaw() {
    var limits = group;
    if (limits != null) {
      limits.thaw();
    }
    runtime.thaw(process, cage);
  }

  CageRuntime.Usage usage(long memoryLimit) {
    return runtime.usage(process, cage, memoryLimit);
  }

  /** Whether the kernel ended a process of the session because it had no memory left. */
  boolean isOutOfMemory() {
    var limits = group;
    return limits != null && limits.killed() > 0;
  }

  /** Ends all processes of the session and waits for that. */
  void kill() {
    isAlive = false;
    runtime.kill(process, cage);
    // The readers may wait for room.
    events.clear();
    process.onExit().orTimeout(5, TimeUnit.SECONDS).exceptionally(_ -> process).join();
    events.clear();
    var limits = group;
    if (limits != null) {
      group = null;
      limits.delete();
    }
  }
}
