package dev.threadmill.runs;

import dev.threadmill.api.Ids;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.DedicatedConnection;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * This node among those that share the database. It lives as long as its row does: one statement
 * renews the lease of all its runs. Whoever finds a row whose lease has run out deletes it, and
 * with that its runs have no owner that lives. A node that finds its own row gone has been given up
 * by the others, stops what it does and starts again under another name.
 *
 * <p>Leases go by the clock of the database, which is one for all. They are renewed beside the pool
 * of connections: a node whose connections are all busy is alive.
 */
@ApplicationScoped
public class NodeLease {
  private static final Logger LOG = Logger.getLogger(NodeLease.class);

  private final Jdbc jdbc;
  private final DedicatedConnection side;
  private final Ids ids;
  private final RunsConfig config;
  private final Signals signals;
  private volatile String id;
  private volatile boolean registered;
  private volatile long healthySince;

  NodeLease(Jdbc jdbc, DedicatedConnection side, Ids ids, RunsConfig config, Signals signals) {
    this.jdbc = jdbc;
    this.side = side;
    this.ids = ids;
    this.config = config;
    this.signals = signals;
    this.id = ids.next("node_");
  }

  /** The name under which this node owns runs. */
  public String id() {
    return id;
  }

  /** Whether this node may claim runs: it has a row and has renewed it lately. */
  public boolean isRegistered() {
    return registered;
  }

  /** Enters the node among the living. */
  public void register() {
    side.execute(this::register);
  }

  private Void register(Tx tx) {
    tx.update(
        """
        INSERT INTO nodes (id, started_at, lease_until)
        VALUES (?, now(), now() + ? * interval '1 millisecond')
        ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
        """,
        id,
        config.lease().toMillis());
    registered = true;
    healthySince = System.nanoTime();
    LOG.infof("node joined node_id=%s", id);
    detectPeers(tx);
    return null;
  }

  /**
   * Renews the lease. False if the others have given this node up: all it executed is lost to it,
   * and it goes by a new name from now on.
   */
  public boolean renew() {
    try {
      if (side.execute(this::renew)) {
        return true;
      }
    } catch (DatabaseException e) {
      healthySince = System.nanoTime();
      throw e;
    }
    LOG.warnf("node was given up by the others, it goes on under a new name node_id=%s", id);
    registered = false;
    id = ids.next("node_");
    register();
    return false;
  }

  private boolean renew(Tx tx) {
    int renewed =
        tx.update(
            "UPDATE nodes SET lease_until = now() + ? * interval '1 millisecond' WHERE id = ?",
            config.lease().toMillis(),
            id);
    if (renewed == 1) {
      detectPeers(tx);
    }
    return renewed == 1;
  }

  /** A node without others has nobody to tell anything. */
  private void detectPeers(Tx tx) {
    boolean alone =
        tx.one("SELECT 1 AS one FROM nodes WHERE id <> ? LIMIT 1", row -> row.integer("one"), id)
            .isEmpty();
    signals.setAlone(alone);
  }

  /**
   * Gives up nodes whose lease has run out. Not right after an outage of the database, when nobody
   * could renew: the others get as long as a lease to be heard.
   */
  public List<String> evictExpiredNodes() {
    if (!isHealthyForOneLease()) {
      return List.of();
    }
    // A query, unlike a change, is asked again on another connection when one is broken, as all are
    // after a restart of the database.
    boolean anySilent =
        jdbc.one(
                "SELECT 1 AS one FROM nodes WHERE lease_until < now() AND id <> ? LIMIT 1",
                row -> row.integer("one"),
                id)
            .isPresent();
    return anySilent ? jdbc.inTransaction(this::deleteExpiredNodes) : List.of();
  }

  private List<String> deleteExpiredNodes(Tx tx) {
    return tx.updateReturning(
        "DELETE FROM nodes WHERE lease_until < now() AND id <> ? RETURNING id",
        row -> row.text("id"),
        id);
  }

  /** Whether everybody has had the time to renew a lease since the database was last away. */
  boolean isHealthyForOneLease() {
    return System.nanoTime() - healthySince >= config.lease().toNanos();
  }

  /** Leaves: the others may take over what is left at once. */
  public void deregister() {
    registered = false;
    side.execute(tx -> tx.update("DELETE FROM nodes WHERE id = ?", id));
    LOG.infof("node left node_id=%s", id);
  }
}
