package dev.threadmill.runs.streams;

import dev.threadmill.api.RunId;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.ChildRunStore.Branch;
import dev.threadmill.runs.store.ChildRunStore.TreeNode;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a run with all runs below it, in two statements. */
@ApplicationScoped
public class RunTree {
  private final ChildRunStore runs;
  private final ToolCallStore calls;

  RunTree(ChildRunStore runs, ToolCallStore calls) {
    this.runs = runs;
    this.calls = calls;
  }

  /** The tree of a run, which may itself be below another. */
  public RunTreeObject of(Run top) {
    var nodes = runs.tree(top);
    var open = openCalls(nodes);
    var below = new HashMap<RunId, List<TreeNode>>();
    TreeNode root = null;
    for (var node : nodes) {
      if (node.key().run().equals(top.id())) {
        root = node;
      } else {
        below.computeIfAbsent(node.parent(), _ -> new ArrayList<>()).add(node);
      }
    }
    return shown(root, below, open);
  }

  private static RunTreeObject shown(
      TreeNode node, Map<RunId, List<TreeNode>> below, Map<RunId, List<ToolCall>> open) {
    var children =
        below.getOrDefault(node.key().run(), List.of()).stream()
            .sorted(
                Comparator.comparing((TreeNode child) -> child.times().created())
                    .thenComparing(child -> child.key().run().value()))
            .map(child -> shown(child, below, open))
            .toList();
    var mode = node.isHandoff() ? "handoff" : "delegate";
    var calls = open.get(node.key().run());
    return new RunTreeObject(
        node.key().run().value(),
        "thread.run.tree",
        node.key().thread().value(),
        node.assistant() == null ? null : node.assistant().value(),
        node.parent() == null ? null : node.parent().value(),
        node.call() == null ? null : node.call().value(),
        node.parent() == null ? null : mode,
        node.status(),
        calls == null ? null : RunObject.RequiredAction.toSubmit(calls),
        node.error(),
        RunObject.IncompleteDetails.of(node.incompleteReason()),
        seconds(node.times().created()),
        seconds(node.times().started()),
        seconds(node.times().cancelled()),
        seconds(node.times().failed()),
        seconds(node.times().completed()),
        node.usage(),
        children);
  }

  /** The calls that runs wait for their clients with, in one statement; none if no run waits. */
  private Map<RunId, List<ToolCall>> openCalls(List<TreeNode> nodes) {
    return calls.awaitingClient(
        nodes.stream()
            .filter(node -> node.status() == RunStatus.REQUIRES_ACTION)
            .map(TreeNode::key)
            .toList());
  }

  /** All runs below a run, with the calls that created them. */
  List<Branch> branches(Run top) {
    return runs.branches(top);
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }
}
