package dev.threadmill.memory;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * What the work on vectors takes of the processors, and what others take. The worker embeds on one
 * thread, which it waits for.
 */
final class ProcessorUse {
  /** Above it runs come first. */
  private static final double BUSY = 0.8;

  /** Below it, without our own work, the machine has nothing better to do. */
  private static final double IDLE = 0.4;

  private static final Duration MAX_PAUSE = Duration.ofMillis(500);

  /** A load is that of the time since the last sample: of a shorter time it says nothing. */
  private static final Duration SAMPLE = Duration.ofMillis(250);

  private final double share;
  private final Machine machine;
  private long sampledAt;
  private long worked;
  private double load;
  private double loadOfOthers = 1;

  /**
   * @param share of all processors that the work may take, 0.01 to 1
   */
  ProcessorUse(double share, Machine machine) {
    this.share = share;
    this.machine = machine;
    machine.load().getAsDouble();
    sampledAt = machine.nanoTime().getAsLong();
  }

  /**
   * The processors.
   *
   * @param load of all of them since the last call, 0 to 1; negative if it is unknown
   * @param nanoTime a clock that only moves forward
   */
  record Machine(int processors, DoubleSupplier load, LongSupplier nanoTime) {}

  static Machine ofThisMachine() {
    var machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new Machine(
        Runtime.getRuntime().availableProcessors(), machine::getCpuLoad, System::nanoTime);
  }

  /** How many messages to work on before a pause, so that the pause is short with a small share. */
  static int batch(int most, double share) {
    double processors = share * Runtime.getRuntime().availableProcessors();
    return Math.max(1, (int) Math.round(most * Math.min(1, processors)));
  }

  /**
   * Pauses after some work, so that it takes no more than its share; on a busy machine at most a
   * third of the time.
   *
   * @param nanos that the work took
   */
  void pauseAfter(long nanos) throws InterruptedException {
    long pause = pause(nanos);
    if (pause > 0) {
      Thread.sleep(Duration.ofNanos(pause));
    }
  }

  /** The nanoseconds to pause after some work. */
  long pause(long nanos) {
    worked += nanos;
    sample();
    double pause = Math.max(0, nanos / (share * machine.processors()) - nanos);
    if (load > BUSY) {
      pause = Math.max(pause, Math.min(2.0 * nanos, MAX_PAUSE.toNanos()));
    }
    return (long) pause;
  }

  /** Whether others leave most of the processors unused. */
  boolean isIdle() {
    sample();
    return loadOfOthers < IDLE;
  }

  private void sample() {
    long now = machine.nanoTime().getAsLong();
    long elapsed = now - sampledAt;
    if (elapsed < SAMPLE.toNanos()) {
      return;
    }
    load = machine.load().getAsDouble();
    loadOfOthers = load < 0 ? 1 : load - (double) worked / elapsed / machine.processors();
    sampledAt = now;
    worked = 0;
  }
}
