package dev.threadmill.projects.tokens;

import dev.threadmill.projects.ApiKeysConfig;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Deletes client tokens a day after they expired, in the background and in batches. */
@ApplicationScoped
class DeleteExpiredTokens {
  private static final Logger LOG = Logger.getLogger(DeleteExpiredTokens.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final Duration RETENTION = Duration.ofDays(1);
  private static final int BATCH = 1_000;

  private final ClientTokens tokens;
  private final ApiKeysConfig config;
  private final InstantSource clock;
  private final Semaphore stopped = new Semaphore(0);
  private Thread worker;

  DeleteExpiredTokens(ClientTokens tokens, ApiKeysConfig config, InstantSource clock) {
    this.tokens = tokens;
    this.config = config;
    this.clock = clock;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      worker = Thread.ofVirtual().name("token-cleanup").start(this::run);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (worker != null) {
      stopped.release();
      worker.join(Duration.ofSeconds(5));
    }
  }

  private void run() {
    try {
      while (!stopped.tryAcquire(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          cleanUp();
        } catch (RuntimeException e) {
          LOG.warnf("client tokens not cleaned up cause=%s", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes all that there is to delete. */
  void cleanUp() {
    var before = clock.instant().minus(RETENTION);
    while (stopped.availablePermits() == 0 && tokens.deleteExpired(before, BATCH) >= BATCH) {
      // There may be more.
    }
  }
}
