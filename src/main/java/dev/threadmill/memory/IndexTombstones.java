package dev.threadmill.memory;

import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * What scopes have lost, as triggers note it, for nodes that keep these scopes in their heap. A
 * node does not use what it has not brought up to date for half an hour.
 */
@ApplicationScoped
class IndexTombstones {
  private final Jdbc jdbc;

  IndexTombstones(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** Forgets those that have been seen for an hour: since when they were committed is unknown. */
  void sweep() {
    jdbc.update("DELETE FROM memory_losses WHERE seen < clock_timestamp() - interval '60 minutes'");
    jdbc.update("UPDATE memory_losses SET seen = clock_timestamp() WHERE seen IS NULL");
  }
}
