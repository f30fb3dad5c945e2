package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.PeriodicWork;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Records when keys and client tokens were last used. A request costs no statement: each node
 * writes once a minute which keys it has seen.
 */
@ApplicationScoped
class KeyUse {
  private static final Logger LOG = Logger.getLogger(KeyUse.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;

  /** Keys beyond this number are recorded the next minute. */
  private static final int MAX_KEYS = 20_000;

  private static final String USED =
      """
      SELECT id, to_timestamp(millis / 1000.0) AS at
      FROM unnest(?::text[], ?::text[]::bigint[]) AS u (id, millis) ORDER BY id
      """;

  private final Map<ApiKeyId, Instant> used = new ConcurrentHashMap<>();
  private final Jdbc jdbc;
  private final InstantSource clock;
  private final ApiKeysConfig config;
  private PeriodicWork work;

  KeyUse(Jdbc jdbc, InstantSource clock, ApiKeysConfig config) {
    this.jdbc = jdbc;
    this.clock = clock;
    this.config = config;
  }

  /** The key was used now. */
  void record(ApiKeyId key) {
    if (used.size() < MAX_KEYS) {
      used.put(key, clock.instant());
    }
  }

  void start(@Observes StartupEvent start) {
    if (config.recordUse()) {
      work = PeriodicWork.every("key-use", config.recordUseInterval(), this::write);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
      try {
        write();
      } catch (RuntimeException e) {
        LOG.warnf("use of keys not recorded cause=%s", e);
      }
    }
  }

  /** Writes which keys were used since the last time. */
  void write() {
    if (used.isEmpty()) {
      return;
    }
    var ids = new ArrayList<String>();
    var times = new ArrayList<Long>();
    for (var key : used.keySet()) {
      var at = used.remove(key);
      if (at != null) {
        ids.add(key.value());
        times.add(at.toEpochMilli());
      }
    }
    jdbc.runInTransaction(
        tx -> {
          tx.defer(
              "UPDATE api_keys k SET last_used_at = u.at FROM ("
                  + USED
                  + ") u WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)",
              ids,
              times);
          tx.defer(
              "UPDATE client_tokens t SET last_used_at = u.at FROM ("
                  + USED
                  + ") u WHERE t.id = u.id AND (t.last_used_at IS NULL OR t.last_used_at < u.at)",
              ids,
              times);
        });
  }
}
