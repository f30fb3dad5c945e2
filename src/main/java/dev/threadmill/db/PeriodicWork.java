package dev.threadmill.db;

import java.time.Duration;
import java.util.function.IntSupplier;
import org.jboss.logging.Logger;

/**
 * Work that a node repeats in the background, such as the deletion of what is old. It pauses before
 * each time. When it is stopped, a pause ends at once; work that is under way is not interrupted,
 * which would break its connection to the database, and looks at {@link #isStopping}.
 */
public final class PeriodicWork {
  private static final Logger LOG = Logger.getLogger(PeriodicWork.class);
  private static final Duration LONGEST_STOP = Duration.ofSeconds(5);

  private final String name;
  private final Pause pause;
  private final Runnable work;
  private final Thread worker;
  private boolean isPausing;
  private volatile boolean isStopping;

  /** Waits until the work is due. */
  @FunctionalInterface
  public interface Pause {
    /**
     * Waits.
     *
     * @throws InterruptedException if the work is stopped
     */
    void await() throws InterruptedException;
  }

  private PeriodicWork(String name, Pause pause, Runnable work) {
    this.name = name;
    this.pause = pause;
    this.work = work;
    this.worker = Thread.ofVirtual().name(name).unstarted(this::run);
  }

  /** Starts work that is done after each interval. */
  public static PeriodicWork every(String name, Duration interval, Runnable work) {
    return after(name, () -> Thread.sleep(interval), work);
  }

  /** Starts work that is done after each of these pauses. */
  public static PeriodicWork after(String name, Pause pause, Runnable work) {
    var started = new PeriodicWork(name, pause, work);
    started.worker.start();
    return started;
  }

  /** Stops the work, and waits for a short time until it has ended. */
  public void stop() throws InterruptedException {
    synchronized (this) {
      isStopping = true;
      if (isPausing) {
        worker.interrupt();
      }
    }
    worker.join(LONGEST_STOP);
  }

  /** Whether the work is to end soon. */
  public boolean isStopping() {
    return isStopping;
  }

  /** Does batches of work until one is not full, or the work is stopped. */
  public static void untilDone(PeriodicWork work, int full, IntSupplier batch) {
    while ((work == null || !work.isStopping()) && batch.getAsInt() >= full) {
      // There may be more.
    }
  }

  private void run() {
    try {
      while (!isStopping) {
        pause();
        try {
          work.run();
        } catch (RuntimeException e) {
          LOG.warnf("periodic work failed name=%s cause=%s", name, e);
        }
      }
    } catch (InterruptedException e) {
      // It is stopped.
    }
  }

  private void pause() throws InterruptedException {
    synchronized (this) {
      if (isStopping) {
        throw new InterruptedException();
      }
      isPausing = true;
    }
    try {
      pause.await();
    } finally {
      synchronized (this) {
        isPausing = false;
        // An interrupt that comes as the pause ends is not for the work.
        Thread.interrupted();
      }
    }
  }
}
