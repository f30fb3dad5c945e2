package dev.threadmill.memory;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

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

  private final OperatingSystemMXBean machine =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final double share;
  private final int processors = Runtime.getRuntime().availableProcessors();
  private long since = System.nanoTime();
  private long worked;

  /**
   * @param share of all processors that the work may take, 0 to 1
   */
  ProcessorUse(double share) {
    this.share = Math.clamp(share, 0.01, 1);
    machine.getCpuLoad();
  }

  /**
   * Pauses after some work, so that it takes no more than its share; on a busy machine at most a
   * third of the time.
   *
   * @param nanos that the work took
   */
  void pauseAfter(long nanos) throws InterruptedException {
    worked += nanos;
    double pause = Math.max(0, nanos / (share * processors) - nanos);
    if (machine.getCpuLoad() > BUSY) {
      pause = Math.max(pause, Math.min(2.0 * nanos, MAX_PAUSE.toNanos()));
    }
    if (pause > 0) {
      Thread.sleep(Duration.ofNanos((long) pause));
    }
  }

  /** Whether others have left most of the processors unused since the last call. */
  boolean isIdle() {
    long now = System.nanoTime();
    double ours = (double) worked / Math.max(1, now - since) / processors;
    double load = machine.getCpuLoad();
    since = now;
    worked = 0;
    return load >= 0 && load - ours < IDLE;
  }
}
