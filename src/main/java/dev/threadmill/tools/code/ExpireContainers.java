package dev.threadmill.tools.code;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Deletes the files of containers that have expired; a day later the containers as well. */
@ApplicationScoped
class ExpireContainers {
  private static final Logger LOG = Logger.getLogger(ExpireContainers.class);
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration KEEP = Duration.ofDays(1);
  private static final int BATCH = 100;

  private final Containers containers;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("container expiry").factory());

  ExpireContainers(Containers containers) {
    this.containers = containers;
  }

  void onStart(@Observes StartupEvent start) {
    timer.scheduleWithFixedDelay(
        this::run, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  void onStop(@Observes ShutdownEvent stop) {
    timer.shutdownNow();
  }

  void run() {
    try {
      boolean more;
      do {
        more = containers.sweep(KEEP, BATCH);
      } while (more);
    } catch (RuntimeException e) {
      LOG.warnf("expired containers were not deleted cause=%s", e);
    }
  }
}
