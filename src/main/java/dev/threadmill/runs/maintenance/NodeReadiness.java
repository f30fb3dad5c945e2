package dev.threadmill.runs.maintenance;

import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * This node is ready while it holds a lease and is not stopping. Whether the database answers is a
 * health check of its own.
 */
@Readiness
@ApplicationScoped
class NodeReadiness implements HealthCheck {
  private final NodeLease node;
  private final LocalRuns localRuns;

  NodeReadiness(NodeLease node, LocalRuns localRuns) {
    this.node = node;
    this.localRuns = localRuns;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("node takes runs")
        .status(node.isRegistered() && !localRuns.isStopping())
        .build();
  }
}
