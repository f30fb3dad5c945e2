package dev.threadmill.runs.rest;

import dev.threadmill.api.Page;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.NodeStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The nodes of the cluster over HTTP, for admins of the server. */
@Path("/v1/nodes")
@RunOnVirtualThread
@Tag(name = "Nodes", description = "The processes that execute runs")
public class NodesResource {
  private final NodeStore nodes;
  private final RunsConfig config;

  NodesResource(NodeStore nodes, RunsConfig config) {
    this.nodes = nodes;
    this.config = config;
  }

  @GET
  @Operation(
      summary = "List the nodes",
      description =
          "Each with the end of its lease and the runs that it executes. A node whose lease has"
              + " ended is listed until another one takes its runs over.")
  public Page<NodeObject> list() {
    Caller.current().requireAdmin();
    var listed =
        nodes.list().stream().map(node -> NodeObject.of(node, config.concurrency())).toList();
    return new Page<>(
        "list",
        listed,
        listed.isEmpty() ? "" : listed.getFirst().id(),
        listed.isEmpty() ? "" : listed.getLast().id(),
        false);
  }

  /**
   * A node.
   *
   * @param startedAt in Unix seconds
   * @param leaseUntil when its lease ends unless it is renewed, in Unix seconds
   * @param live whether the lease has not ended
   * @param runs how many runs it executes
   * @param capacity how many runs it executes at most, by the settings of the node that answers
   */
  public record NodeObject(
      String id,
      String object,
      long startedAt,
      long leaseUntil,
      boolean live,
      int runs,
      int capacity) {
    static NodeObject of(NodeStore.Node node, int capacity) {
      return new NodeObject(
          node.id(),
          "node",
          node.startedAt().getEpochSecond(),
          node.leaseUntil().getEpochSecond(),
          node.isLive(),
          node.runs(),
          capacity);
    }
  }
}
