package dev.threadmill.runs;

import dev.threadmill.testing.Cluster;

/** Nodes that share nothing but a Postgres. */
class NodesOverPostgresTest extends NodesTest {
  @Override
  Cluster cluster() {
    return Cluster.of(2);
  }
}
