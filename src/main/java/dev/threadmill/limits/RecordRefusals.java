package dev.threadmill.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.db.Jdbc;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/**
 * Records that limits refused requests. A caller that goes on regardless causes one event a minute
 * for each of its limits and nodes, so that refusals stay cheap.
 */
@ApplicationScoped
class RecordRefusals {
  private static final Logger LOG = Logger.getLogger(RecordRefusals.class);
  private static final Duration SILENCE = Duration.ofMinutes(1);
  private static final int MAX_CALLERS = 10_000;

  private final Jdbc jdbc;
  private final Outbox outbox;
  private final InstantSource clock;
  private final Cache<Refusal, Boolean> recorded =
      Caffeine.newBuilder().expireAfterWrite(SILENCE).maximumSize(MAX_CALLERS).build();

  RecordRefusals(Jdbc jdbc, Outbox outbox, InstantSource clock) {
    this.jdbc = jdbc;
    this.outbox = outbox;
    this.clock = clock;
  }

  private record Refusal(Payer payer, String limit) {}

  /**
   * Records a refusal of the current request, unless one was recorded within the last minute.
   *
   * @param limit {@code budget} or {@code rate}
   */
  void record(Payer payer, String limit, String message) {
    if (recorded.asMap().putIfAbsent(new Refusal(payer, limit), true) != null) {
      return;
    }
    var activity =
        Activity.of(Activity.LIMIT_REFUSED, payer.project(), clock.instant())
            .cause(Caller.causeOfRequest())
            .status("refused")
            .detail("limit", limit)
            .detail("message", message)
            .build();
    try {
      Uninterruptibly.call(
          () -> {
            jdbc.runInTransaction(tx -> outbox.append(tx, activity));
            return true;
          });
    } catch (RuntimeException e) {
      LOG.warnf("refusal not recorded project_id=%s cause=%s", payer.project(), e);
    }
  }
}
