package dev.threadmill.runs.store;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The leases of nodes: a node owns its runs as long as its row exists and its lease has not run
 * out, by the clock of the database.
 */
@ApplicationScoped
public class NodeStore {
  private final Jdbc jdbc;

  public NodeStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** Inserts the row of a node, or renews its lease. */
  public void insert(Tx tx, String node, Duration lease) {
    tx.update(
        """
        INSERT INTO nodes (id, started_at, lease_until)
        VALUES (?, now(), now() + ? * interval '1 millisecond')
        ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
        """,
        node,
        lease.toMillis());
  }

  /** Renews the lease of a node. False if its row does not exist any more. */
  public boolean renew(Tx tx, String node, Duration lease) {
    return tx.update(
            "UPDATE nodes SET lease_until = now() + ? * interval '1 millisecond' WHERE id = ?",
            lease.toMillis(),
            node)
        == 1;
  }

  /** Whether there are other nodes. */
  public boolean hasPeers(Tx tx, String node) {
    return tx.one(
            "SELECT 1 AS one FROM nodes WHERE id <> ? LIMIT 1", row -> row.integer("one"), node)
        .isPresent();
  }

  /** Whether the lease of another node has run out. */
  public boolean isAnyExpired(String node) {
    return jdbc.one(
            "SELECT 1 AS one FROM nodes WHERE lease_until < now() AND id <> ? LIMIT 1",
            row -> row.integer("one"),
            node)
        .isPresent();
  }

  /** Deletes the rows of other nodes whose leases have run out, and returns their ids. */
  public List<String> deleteExpired(Tx tx, String node) {
    return tx.updateReturning(
        "DELETE FROM nodes WHERE lease_until < now() AND id <> ? RETURNING id",
        row -> row.text("id"),
        node);
  }

  /**
   * A node with its load.
   *
   * @param isLive whether its lease has not run out
   * @param runs how many runs it executes
   */
  public record Node(String id, Instant startedAt, Instant leaseUntil, boolean isLive, int runs) {}

  /** The nodes, at most a thousand, in the order of their start. */
  public List<Node> list() {
    return jdbc.list(
        """
        SELECT n.id, n.started_at, n.lease_until, n.lease_until >= now() AS live,
          coalesce(r.runs, 0) AS runs
        FROM nodes n LEFT JOIN (
          SELECT owner, count(*)::int AS runs FROM runs
          WHERE status IN ('in_progress', 'cancelling') AND owner IS NOT NULL GROUP BY owner
        ) AS r ON r.owner = n.id
        ORDER BY n.started_at, n.id LIMIT 1000
        """,
        row ->
            new Node(
                row.text("id"),
                row.instant("started_at"),
                row.instant("lease_until"),
                row.bool("live"),
                row.integer("runs")));
  }

  /** Deletes the row of a node. */
  public void delete(Tx tx, String node) {
    tx.update("DELETE FROM nodes WHERE id = ?", node);
  }
}
