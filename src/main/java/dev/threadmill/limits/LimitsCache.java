package dev.threadmill.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.signals.Signal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;

/**
 * The limits of projects, remembered for ten seconds, so that a project without any pays no
 * statement for them. What is taken from a budget goes by the row, never by what is remembered:
 * only that there are limits at all is learned late, by nodes that did not hear of it.
 */
@ApplicationScoped
class LimitsCache {
  private static final Duration TTL = Duration.ofSeconds(10);
  private static final int MAX_ENTRIES = 100_000;

  private final LimitsStore store;
  private final Cache<ProjectId, Limits> known =
      Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_ENTRIES).build();

  LimitsCache(LimitsStore store) {
    this.store = store;
  }

  Limits get(ProjectId project) {
    return known.get(project, store::limits);
  }

  void invalidate(@Observes LimitsChanged changed) {
    known.invalidate(changed.project());
  }

  void invalidate(@Observes Signal.ResyncRequested lookAgain) {
    known.invalidateAll();
  }

  void invalidate(ProjectId project) {
    known.invalidate(project);
  }
}
