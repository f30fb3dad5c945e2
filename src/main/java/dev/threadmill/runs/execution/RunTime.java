package dev.threadmill.runs.execution;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.limits.WorkLedger;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Keeps the execution of runs within the budgets of time: reserves the time in slices, and stops a
 * run for which no further slice is left.
 */
@ApplicationScoped
public class RunTime {
  private static final Logger LOG = Logger.getLogger(RunTime.class);
  private static final Duration SLICE = Duration.ofSeconds(30);

  private final WorkLedger ledger;

  RunTime(WorkLedger ledger) {
    this.ledger = ledger;
  }

  /** The time of one execution, from {@link #begin} until it is closed. */
  public final class Measured implements AutoCloseable {
    private final LiveRun live;
    private final Semaphore ended = new Semaphore(0);
    private WorkLedger.Time slice;
    private long started = System.nanoTime();

    private Measured(LiveRun live, WorkLedger.Time first) {
      this.live = live;
      this.slice = first;
      if (first.isLimited()) {
        Thread.ofVirtual().name("run-time").start(this::renewUntilUsedUp);
      }
    }

    /** Whose budget of time is used up already, such as {@code project}; null if none is. */
    public String refusedBy() {
      return slice.refusedBy();
    }

    private void renewUntilUsedUp() {
      try {
        while (slice.isLimited()) {
          boolean hasEnded = ended.tryAcquire(slice.granted().toMillis(), TimeUnit.MILLISECONDS);
          settle();
          if (hasEnded) {
            return;
          }
          slice = ledger.reserveTime(live.claimedRun().payer(), SLICE);
          started = System.nanoTime();
        }
        if (slice.refusedBy() != null) {
          live.stopForTime(slice.refusedBy());
        }
      } catch (InterruptedException e) {
        // Nothing interrupts this thread.
        throw new IllegalStateException(e);
      }
    }

    /** A slice that cannot be settled counts as used in full once it has expired. */
    private void settle() {
      try {
        ledger.settleTime(slice, Duration.ofNanos(System.nanoTime() - started));
      } catch (DatabaseException e) {
        LOG.warnf(
            "time of run not settled run_id=%s cause=%s", live.claimedRun().id(), e.getMessage());
      }
    }

    /** Ends the time of the execution. Its last slice is counted without waiting for that. */
    @Override
    public void close() {
      ended.release();
    }
  }

  /** Begins to count the time of an execution. */
  public Measured begin(LiveRun live) {
    return new Measured(live, ledger.reserveTime(live.claimedRun().payer(), SLICE));
  }
}
