package dev.threadmill.search;

import dev.threadmill.db.Jdbc;

/**
 * Records of scopes that lost entries, which triggers write. Nodes that keep such a scope in their
 * heap discard it. A node does not use a scope that it has not refreshed for half an hour.
 */
final class IndexTombstones {
  private final Jdbc jdbc;
  private final IndexTable table;

  IndexTombstones(Jdbc jdbc, IndexTable table) {
    this.jdbc = jdbc;
    this.table = table;
  }

  /**
   * Deletes records that were visible for an hour. A record does not know when its transaction was
   * committed, so the time counts from the first sweep that sees it.
   */
  void sweep() {
    jdbc.update(
        "DELETE FROM %s WHERE seen < clock_timestamp() - interval '60 minutes'"
            .formatted(table.tombstones()));
    jdbc.update(
        "UPDATE %s SET seen = clock_timestamp() WHERE seen IS NULL".formatted(table.tombstones()));
  }
}
