package dev.threadmill.runs.node;

import dev.threadmill.api.Ids;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.DedicatedConnection;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.runs.store.NodeStore;
import dev.threadmill.runs.store.RunTransitions;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * The lease of this node among the nodes that share the database. One statement renews it for all
 * runs that the node owns. Another node that finds the lease expired deletes its row, which leaves
 * its runs without an owner. A node that finds its own row deleted stops its runs and registers
 * again under a new id.
 *
 * <p>Leases are measured by the clock of the database. They are renewed on a connection outside the
 * pool, so a node whose connections are all busy keeps its lease.
 */
@ApplicationScoped
public class NodeLease {
  private static final Logger LOG = Logger.getLogger(NodeLease.class);

  private final Jdbc jdbc;
  private final DedicatedConnection connection;
  private final NodeStore nodes;
  private final RunTransitions runs;
  private final Ids ids;
  private final RunsConfig config;
  private final Signals signals;
  private volatile String id;
  private volatile boolean registered;
  private volatile long healthySince;
  private volatile long renewedAt = System.nanoTime();
  private final AtomicLong losses = new AtomicLong();

  public NodeLease(
      Jdbc jdbc,
      DedicatedConnection connection,
      NodeStore nodes,
      RunTransitions runs,
      Ids ids,
      RunsConfig config,
      Signals signals) {
    this.jdbc = jdbc;
    this.connection = connection;
    this.nodes = nodes;
    this.runs = runs;
    this.ids = ids;
    this.config = config;
    this.signals = signals;
    this.id = ids.next("node_");
  }

  /** The id under which this node owns runs. */
  public String id() {
    return id;
  }

  /** Whether this node may claim runs: it holds a lease. */
  public boolean isRegistered() {
    return registered;
  }

  /** Takes a lease. */
  public void register() {
    connection.execute(this::register);
  }

  private Void register(Tx tx) {
    nodes.insert(tx, id, config.lease());
    registered = true;
    healthySince = System.nanoTime();
    renewedAt = healthySince;
    LOG.infof("node joined node_id=%s", id);
    detectPeers(tx);
    return null;
  }

  /**
   * Renews the lease. False if another node has deleted it: this node owns none of its runs any
   * more, and it has registered under a new id.
   */
  public boolean renew() {
    try {
      if (connection.execute(this::renew)) {
        return true;
      }
    } catch (DatabaseException e) {
      healthySince = System.nanoTime();
      throw e;
    }
    LOG.warnf("lease expired and was deleted by another node, registering again node_id=%s", id);
    registered = false;
    losses.incrementAndGet();
    id = ids.next("node_");
    register();
    return false;
  }

  private boolean renew(Tx tx) {
    boolean renewed = nodes.renew(tx, id, config.lease());
    if (renewed) {
      renewedAt = System.nanoTime();
      detectPeers(tx);
    }
    return renewed;
  }

  /** A node without peers sends no signals. */
  private void detectPeers(Tx tx) {
    signals.setAlone(!nodes.hasPeers(tx, id));
  }

  /**
   * Deletes the leases of other nodes that have expired, and counts a crash for each run that they
   * executed. Does nothing for the length of a lease after an outage of the database, during which
   * no node could renew.
   *
   * @return the ids of those nodes
   */
  public List<String> evictExpiredNodes() {
    // A query is repeated on another connection when one is broken, as all are after a restart of
    // the database; a transaction that changes rows is not.
    if (!isHealthyForOneLease() || !nodes.isAnyExpired(id)) {
      return List.of();
    }
    return jdbc.inTransaction(this::evictExpiredNodes);
  }

  private List<String> evictExpiredNodes(Tx tx) {
    var expired = nodes.deleteExpired(tx, id);
    if (!expired.isEmpty()) {
      runs.countCrash(tx, expired);
    }
    return expired;
  }

  /** Whether all nodes have had the time of a lease to renew since the last outage. */
  public boolean isHealthyForOneLease() {
    return System.nanoTime() - healthySince >= config.lease().toNanos();
  }

  /** How long ago the lease was renewed last, in seconds. */
  public double secondsSinceRenewal() {
    return (System.nanoTime() - renewedAt) / 1e9;
  }

  /** How often another node has deleted the lease of this one. */
  public long losses() {
    return losses.get();
  }

  /** Gives the lease back: other nodes may take over the remaining runs at once. */
  public void deregister() {
    registered = false;
    connection.execute(
        tx -> {
          nodes.delete(tx, id);
          return null;
        });
    LOG.infof("node left node_id=%s", id);
  }
}
