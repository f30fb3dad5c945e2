package dev.threadmill.projects.tokens;

import dev.threadmill.db.PeriodicWork;
import dev.threadmill.projects.ApiKeysConfig;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.InstantSource;

/** Deletes client tokens a day after they expired, in the background and in batches. */
@ApplicationScoped
class DeleteExpiredTokens {
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final Duration RETENTION = Duration.ofDays(1);
  private static final int BATCH = 1_000;

  private final ClientTokens tokens;
  private final ApiKeysConfig config;
  private final InstantSource clock;
  private PeriodicWork work;

  DeleteExpiredTokens(ClientTokens tokens, ApiKeysConfig config, InstantSource clock) {
    this.tokens = tokens;
    this.config = config;
    this.clock = clock;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      work = PeriodicWork.every("token-cleanup", INTERVAL, this::cleanUp);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
    }
  }

  /** Deletes all that there is to delete. */
  void cleanUp() {
    var before = clock.instant().minus(RETENTION);
    PeriodicWork.untilDone(work, BATCH, () -> tokens.deleteExpired(before, BATCH));
  }
}
