package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.store.RunClaims;
import dev.threadmill.runs.store.RunTransitions;
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
  private final RunClaims claims;
  private final RunTransitions transitions;
  private final ThreadStore threads;
  private final MessageStore messages;

  public WaitingRuns(
      Jdbc jdbc,
      RunClaims claims,
      RunTransitions transitions,
      ThreadStore threads,
      MessageStore messages) {
    this.jdbc = jdbc;
    this.claims = claims;
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
    int waiting = claims.countWaiting(tx, thread);
    if (waiting >= MAX_PER_THREAD) {
      throw ApiException.invalidState(
          "Thread %s has %d runs waiting already.".formatted(thread, waiting));
    }
  }

  /** Promotes the oldest waiting run of each free thread. True if further runs wait. */
  public boolean promote() {
    for (var free : claims.threadsToPromote(MAX_THREADS)) {
      try {
        promoteOldest(free);
      } catch (ApiException e) {
        LOG.debugf("thread was deleted before its run was promoted thread_id=%s", free.thread());
      }
    }
    return claims.isAnyWaiting();
  }

  private void promoteOldest(RunClaims.ThreadKey free) {
    jdbc.runInTransaction(
        tx -> {
          if (threads.lock(tx, free.project(), free.thread(), 0).activeRun() == null) {
            claims.lockOldestWaiting(tx, free.thread()).ifPresent(next -> promote(tx, free, next));
          }
        });
  }

  private void promote(Tx tx, RunClaims.ThreadKey free, RunClaims.WaitingRun next) {
    var locked = threads.lock(tx, free.project(), free.thread(), next.messages().size());
    messages.append(tx, locked, next.messages());
    transitions.promote(tx, next.key());
  }
}
