package dev.threadmill.sandbox;

import dev.threadmill.sandbox.CodeResult.Status;
import dev.threadmill.sandbox.DriverProcess.Event;
import dev.threadmill.sandbox.SandboxSession.OutputListener;
import java.time.Duration;
import java.time.Instant;

/**
 * One call: passes its output on and checks its limits. Code that exceeds its time or output is
 * interrupted. Code that exceeds its memory or disk, or does not react to the interrupt, loses its
 * process.
 */
final class CodeCall {
  private static final Duration TICK = Duration.ofMillis(50);
  private static final Duration MARKER = Duration.ofSeconds(1);
  private static final int WATCH_SHARE = 10;
  private static final int OUTPUT_FACTOR = 500;

  /** Deleted files that are still open count only among the written bytes. */
  private static final int WRITTEN_FACTOR = 4;

  private static final long MIB = 1024L * 1024;
  private static final String ENDED = "The Python process has ended.";

  private final DriverProcess driver;
  private final SessionFolder folder;
  private final SandboxConfig config;
  private final long start = System.nanoTime();
  private final Instant startTime = Instant.now();
  private MarkedOutput output;
  private OutputText text;
  private String status;
  private long answered;
  private String why;
  private long interrupted;
  private long nextWatch = start;
  private long writtenBefore = -1;

  CodeCall(DriverProcess driver, SessionFolder folder, SandboxConfig config) {
    this.driver = driver;
    this.folder = folder;
    this.config = config;
  }

  /** Runs the code; the process has been started and is not stopped. */
  CodeResult run(String code, String marker, OutputListener listener) throws InterruptedException {
    text = new OutputText(listener, config.output());
    output = new MarkedOutput(marker, text);
    driver.send(code, marker);
    try {
      return await();
    } catch (InterruptedException | RuntimeException e) {
      abandon();
      throw e;
    }
  }

  private CodeResult await() throws InterruptedException {
    while (true) {
      switch (driver.next(TICK)) {
        case Event.Output(var bytes) -> output.add(bytes);
        case Event.Answer(var how) -> {
          status = status == null ? how : status;
          answered = System.nanoTime();
        }
        case Event.Ended _ -> {
          return ended(driver.isOutOfMemory() ? tooMuchMemory() : why == null ? ENDED : why);
        }
        case null -> {}
      }
      if (status != null && output.isComplete()) {
        return answered();
      }
      if (status != null && since(answered).compareTo(MARKER) > 0) {
        // The driver writes the marker before its answer, so the code wrote the answer.
        return killed("The code broke the connection to the process that runs it.");
      }
      var broken = watch();
      if (broken != null) {
        return killed(broken);
      }
    }
  }

  private CodeResult answered() {
    output.end();
    // Counted again, since the code may have ended before the last look.
    var broken = excess();
    if (broken != null) {
      return killed(broken);
    }
    if (interrupted != 0) {
      return new CodeResult(Status.INTERRUPTED, text.complete(), why);
    }
    return switch (status) {
      case "ok" -> new CodeResult(Status.COMPLETED, text.complete(), null);
      case "interrupted" -> new CodeResult(Status.INTERRUPTED, text.complete(), why);
      default -> new CodeResult(Status.RAISED, text.complete(), null);
    };
  }

  /** Why the process has to be ended; null if it may go on. */
  private String watch() {
    if (interrupted != 0) {
      if (since(interrupted).compareTo(config.grace()) > 0) {
        return why + " The code did not react to the interrupt.";
      }
    } else if (since(start).compareTo(config.timeout()) > 0) {
      interrupt("The code took longer than %d seconds.".formatted(config.timeout().toSeconds()));
    } else if (text.left() > (long) OUTPUT_FACTOR * config.output()) {
      interrupt("The code printed too much.");
    }
    long now = System.nanoTime();
    if (now < nextWatch) {
      return null;
    }
    var broken = excess();
    long took = System.nanoTime() - now;
    nextWatch = now + Math.max(TICK.toNanos(), WATCH_SHARE * took);
    return broken;
  }

  private void interrupt(String reason) {
    why = reason;
    interrupted = System.nanoTime();
    driver.interrupt();
  }

  private String excess() {
    long memory = config.memoryMb() * MIB;
    var usage = driver.usage(memory);
    if (usage.memory() > memory || driver.isOutOfMemory()) {
      return tooMuchMemory();
    }
    if (writtenBefore < 0) {
      writtenBefore = usage.written();
    }
    var use = folder.use();
    long disk = config.diskMb() * MIB;
    if (use.bytes() > disk || usage.written() - writtenBefore > WRITTEN_FACTOR * disk) {
      return "The code wrote more than the %d MiB that files may have. The files that it changed"
              .formatted(config.diskMb())
          + " are deleted.";
    }
    if (use.files() > config.files() || use.isUncounted()) {
      return "The code created more than the %d files and folders that may exist, or too many levels"
              .formatted(config.files())
          + " of folders, or folders that cannot be read. What it created is deleted.";
    }
    return null;
  }

  private String tooMuchMemory() {
    return "The code used more than %d MiB of memory.".formatted(config.memoryMb());
  }

  private CodeResult killed(String reason) {
    driver.kill();
    var use = folder.use();
    if (use.bytes() > config.diskMb() * MIB || use.files() > config.files() || use.isUncounted()) {
      folder.deleteChangedSince(startTime);
      use = folder.use();
      if (use.bytes() > config.diskMb() * MIB
          || use.files() > config.files()
          || use.isUncounted()) {
        folder.empty(folder.data());
      }
    }
    return ended(reason);
  }

  private CodeResult ended(String reason) {
    output.end();
    return LocalSession.restarted(text.complete(), reason);
  }

  /**
   * The caller no longer waits, or its listener failed: the code is interrupted, and its process
   * ended if it does not react.
   */
  private void abandon() {
    driver.interrupt();
    long deadline = System.nanoTime() + config.grace().toNanos();
    try {
      while (status == null && System.nanoTime() < deadline) {
        switch (driver.next(TICK)) {
          case Event.Answer(var how) -> status = how;
          case Event.Ended _ -> {
            return;
          }
          case Event.Output _ -> {}
          case null -> {}
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (status == null) {
      driver.kill();
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }
}
