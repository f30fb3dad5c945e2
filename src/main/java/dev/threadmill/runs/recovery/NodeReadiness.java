package dev.threadmill.runs.recovery;

import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.NodeLease;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * The server takes work while it is entered among the nodes and does not stop. That the database
 * answers is a check of its own.
 */
@Readiness
@ApplicationScoped
class NodeReadiness implements HealthCheck {
  private final NodeLease node;
  private final LocalRuns liveRuns;

  NodeReadiness(NodeLease node, LocalRuns liveRuns) {
    this.node = node;
    this.liveRuns = liveRuns;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("node takes runs")
        .status(node.isRegistered() && !liveRuns.isStopping())
        .build();
  }
}
