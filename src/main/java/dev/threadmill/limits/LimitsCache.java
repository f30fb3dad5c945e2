package dev.threadmill.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.signals.Signal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Set;

/**
 * Caches limits for ten seconds, so that a project without limits costs no statement. Budgets and
 * rates are always checked against the database; the cache only says which scopes have limits. A
 * node that misses the signal of a change learns of new limits when its entry expires.
 */
@ApplicationScoped
class LimitsCache {
  private static final Duration TTL = Duration.ofSeconds(10);

  private static final long MAX_BYTES = 16L << 20;
  private static final int BYTES_PER_ENTRY = 500;
  private static final int MAX_PROJECTS = 50_000;
  private static final int BYTES_PER_SCOPE = 400;

  private final LimitsStore store;
  private final Cache<Payer, PayerLimits> cache =
      Caffeine.newBuilder()
          .expireAfterWrite(TTL)
          .maximumWeight(MAX_BYTES)
          .weigher(
              (Payer _, PayerLimits limits) ->
                  BYTES_PER_ENTRY + BYTES_PER_SCOPE * limits.all().size())
          .build();

  /**
   * The kinds of scopes that have limits: most projects have few, and most payers need no query.
   */
  private final Cache<ProjectId, Set<LimitScope.Kind>> kindsByProject =
      Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_PROJECTS).build();

  LimitsCache(LimitsStore store) {
    this.store = store;
  }

  PayerLimits get(Payer payer) {
    var kinds = kindsByProject.get(payer.project(), store::kinds);
    var narrowed = payer.only(kinds);
    return kinds.isEmpty() && narrowed.run() == null
        ? PayerLimits.NONE
        : cache.get(narrowed, store::limits);
  }

  /** Without reading the database: null if they are not in the cache. */
  PayerLimits getIfPresent(Payer payer) {
    var kinds = kindsByProject.getIfPresent(payer.project());
    if (kinds == null) {
      return null;
    }
    var narrowed = payer.only(kinds);
    return kinds.isEmpty() && narrowed.run() == null
        ? PayerLimits.NONE
        : cache.getIfPresent(narrowed);
  }

  void invalidate(@Observes LimitsChanged changed) {
    invalidate(changed.project());
  }

  void invalidate(@Observes Signal.ResyncRequested resync) {
    kindsByProject.invalidateAll();
    cache.invalidateAll();
  }

  void invalidate(ProjectId project) {
    kindsByProject.invalidate(project);
    cache.asMap().keySet().removeIf(payer -> payer.project().equals(project));
  }
}
