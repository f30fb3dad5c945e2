package dev.threadmill.runs;

import dev.threadmill.api.RunId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Wakes those who wait for a run that this node does not execute. A hurry-up only: whoever waits
 * also looks again from time to time.
 */
@ApplicationScoped
class RunSignals {
  private final ConcurrentHashMap<RunId, Set<Runnable>> waiting = new ConcurrentHashMap<>();

  void await(RunId run, Runnable wake) {
    waiting.compute(
        run,
        (_, wakes) -> {
          var set = wakes == null ? ConcurrentHashMap.<Runnable>newKeySet() : wakes;
          set.add(wake);
          return set;
        });
  }

  void forget(RunId run, Runnable wake) {
    waiting.computeIfPresent(
        run,
        (_, wakes) -> {
          wakes.remove(wake);
          return wakes.isEmpty() ? null : wakes;
        });
  }

  /** The run has changed in the database. */
  void changed(RunId run) {
    var wakes = waiting.get(run);
    if (wakes != null) {
      wakes.forEach(Runnable::run);
    }
  }

  /** Everybody looks again: something may have been missed. */
  void all() {
    waiting.values().forEach(wakes -> wakes.forEach(Runnable::run));
  }
}
