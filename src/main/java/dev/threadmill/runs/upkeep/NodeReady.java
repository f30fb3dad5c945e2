package dev.threadmill.runs.upkeep;

import dev.threadmill.runs.LiveRuns;
import dev.threadmill.runs.Node;
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
class NodeReady implements HealthCheck {
  private final Node node;
  private final LiveRuns liveRuns;

  NodeReady(Node node, LiveRuns liveRuns) {
    this.node = node;
    this.liveRuns = liveRuns;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("node takes runs")
        .status(node.isRegistered() && !liveRuns.isClosed())
        .build();
  }
}
