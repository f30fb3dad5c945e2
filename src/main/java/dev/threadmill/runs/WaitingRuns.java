package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.RunWorkQueue;
import dev.threadmill.telemetry.Cause;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/**
 * Runs that wait for another one on their thread. When no run is active on the thread the oldest
 * one joins the queue and its messages join the thread, in one transaction.
 */
@ApplicationScoped
public class WaitingRuns {
  private static final Logger LOG = Logger.getLogger(WaitingRuns.class);
  private static final int MAX_PER_THREAD = 100;
  private static final int MAX_THREADS = 100;

  private final Jdbc jdbc;
  private final RunWorkQueue workQueue;
  private final RunTransitions transitions;
  private final ThreadStore threads;
  private final MessageStore messages;

  public WaitingRuns(
      Jdbc jdbc,
      RunWorkQueue workQueue,
      RunTransitions transitions,
      ThreadStore threads,
      MessageStore messages) {
    this.jdbc = jdbc;
    this.workQueue = workQueue;
    this.transitions = transitions;
    this.threads = threads;
    this.messages = messages;
  }

  /**
   * Checks that one more run may wait on a thread.
   *
   * @throws ApiException 400 if too many wait already
   */
  void requireCapacity(Tx tx, ThreadId thread) {
    int waiting = workQueue.countWaiting(tx, thread);
    if (waiting >= MAX_PER_THREAD) {
      throw ApiException.invalidState(
          "Thread %s has %d runs waiting already.".formatted(thread, waiting));
    }
  }

  /** Promotes the oldest waiting run of each free thread. True if further runs wait. */
  public boolean promote() {
    for (var free : workQueue.threadsToPromote(MAX_THREADS)) {
      try {
        promoteOldest(free);
      } catch (ApiException e) {
        LOG.debugf("thread was deleted before its run was promoted thread_id=%s", free.thread());
      }
    }
    return workQueue.isAnyWaiting();
  }

  private void promoteOldest(RunWorkQueue.ThreadKey free) {
    jdbc.runInTransaction(
        tx -> {
          if (threads.lock(tx, free.project(), free.thread(), 0).activeRun() == null) {
            workQueue
                .lockOldestWaiting(tx, free.thread())
                .ifPresent(next -> promote(tx, free, next));
          }
        });
  }

  private void promote(Tx tx, RunWorkQueue.ThreadKey free, RunWorkQueue.WaitingRun next) {
    var locked = threads.lock(tx, free.project(), free.thread(), next.messages().size());
    var cause = transitions.promote(tx, next.key()).map(Run::cause).orElse(Cause.NONE);
    messages.append(tx, locked, next.messages(), cause);
  }
}
