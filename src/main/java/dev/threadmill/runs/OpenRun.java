package dev.threadmill.runs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.Usage;
import dev.threadmill.projects.Residency;
import dev.threadmill.runs.context.SummarizeHistory;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.CallType;
import dev.threadmill.runs.store.CompactionStore;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunOpening;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.mcp.McpTools;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Does what a run does before its first model call, as calls of a step: clients see it, every
 * replay shows it, and another node continues it.
 */
@ApplicationScoped
class OpenRun {
  private static final Logger LOG = Logger.getLogger(OpenRun.class);

  private final CommitProgress commitProgress;
  private final ExecuteTools executeTools;
  private final SummarizeHistory summarizeHistory;
  private final McpTools mcpTools;
  private final Residency residency;

  OpenRun(
      CommitProgress commitProgress,
      ExecuteTools executeTools,
      SummarizeHistory summarizeHistory,
      McpTools mcpTools,
      Residency residency) {
    this.commitProgress = commitProgress;
    this.executeTools = executeTools;
    this.summarizeHistory = summarizeHistory;
    this.mcpTools = mcpTools;
    this.residency = residency;
  }

  /**
   * Opens a run, unless it was opened before.
   *
   * @param isNew whether the run has no steps yet
   * @return false if the attempt does not own the run any more
   * @throws InterruptedException if the run was stopped
   */
  boolean open(RunExecution execution, boolean isNew) throws InterruptedException {
    var open = execution.live().openStep();
    if (open != null && open.calls().stream().anyMatch(call -> call.callType().isOpening())) {
      LOG.infof("opening resumed run_id=%s", execution.run().id());
      return executeAll(execution, open);
    }
    return !isNew
        || execution.run().settings().opening().equals(RunOpening.NONE)
        || begin(execution);
  }

  private boolean begin(RunExecution execution) throws InterruptedException {
    var run = execution.run();
    var before = summarizeHistory.due(run).orElse(null);
    var labels = run.settings().opening().listTools();
    if (before == null && labels.isEmpty()) {
      return true;
    }
    var events = execution.live().events();
    var begun = execution.startStep(Step.Type.TOOL_CALLS);
    events.publish(StreamEvents.stepCreated(begun));
    events.publish(StreamEvents.stepInProgress(begun));
    var calls = calls(run, begun, before, labels);
    for (int i = 0; i < calls.size(); i++) {
      var call = calls.get(i);
      var target = DeltaTarget.of(StreamedText.ARGUMENTS, begun, i);
      events.publish(StreamEvents.callStarted(begun, i, call));
      events.publish(StreamEvents.delta(begun, target, call.type(), call.arguments()));
    }
    var step = begun.with(calls);
    if (!commitProgress.commitCalls(execution, step, Usage.NONE, List.of())) {
      return false;
    }
    execution.live().setOpenStep(step.with(Usage.NONE));
    return executeAll(execution, step);
  }

  private static List<ToolCall> calls(Run run, Step step, Instant before, List<String> labels) {
    var calls = new ArrayList<ToolCall>();
    if (before != null) {
      calls.add(
          call(
              run,
              step,
              0,
              CallType.COMPACTION,
              RunOpening.compaction(),
              CompactionStore.arguments(before)));
    }
    for (var label : labels) {
      calls.add(
          call(
              run,
              step,
              calls.size(),
              CallType.MCP_LIST_TOOLS,
              RunOpening.listing(label),
              Json.MAPPER.createObjectNode().put("server_label", label).toString()));
    }
    return calls;
  }

  private static ToolCall call(
      Run run, Step step, int index, CallType type, String name, String arguments) {
    var place = run.attempt() + "/" + step.ordinal() + "/" + index;
    var id = new ToolCallId(Ids.derive(ToolCallId.PREFIX, run.id(), place));
    return ToolCall.started(id, type.word(), name)
        .withMoreArguments(arguments)
        .withExecutor(ToolCall.Executor.SERVER);
  }

  private boolean executeAll(RunExecution execution, Step step) throws InterruptedException {
    var jobs = new ArrayList<CallResult.Job>();
    for (int i = 0; i < step.calls().size(); i++) {
      if (step.calls().get(i).isOpen()) {
        jobs.add(new OpeningCall(i, step.calls().get(i)));
      }
    }
    return executeTools.executeAll(execution, jobs, List.of()) == ExecuteTools.Outcome.DONE;
  }

  /** A call of the step. It changes nothing, so it is repeated if its outcome is unknown. */
  private final class OpeningCall implements CallResult.Job {
    private final int index;
    private final ToolCall call;

    OpeningCall(int index, ToolCall call) {
      this.index = index;
      this.call = call;
    }

    @Override
    public int index() {
      return index;
    }

    @Override
    public ToolCall call() {
      return call;
    }

    @Override
    public CallResult execute(
        RunExecution execution, ToolOutputBuffer buffer, InstantSource clock) {
      if (call.callType() == CallType.COMPACTION) {
        var summary = summarizeHistory.summarize(execution, call);
        return new CallResult(index, summary.text()).with(summary.activity());
      }
      return new CallResult(index, listing(execution.run(), call).toString());
    }
  }

  /** The tools of a server as an item of a response shows them. */
  private JsonNode listing(Run run, ToolCall call) {
    var shown = Json.MAPPER.createObjectNode();
    var tools = shown.putArray("tools");
    try {
      var spec = spec(run, RunOpening.labelOf(call.name()));
      var domains = residency.restrict(run.projectId(), run.settings().allowedDomains());
      var listing = mcpTools.list(run.projectId(), spec, domains);
      for (var tool : listing.tools()) {
        var entry = tools.addObject().put("name", tool.name());
        entry.put("description", tool.description());
        entry.set("input_schema", tool.parameters());
        entry.putObject("annotations").put("read_only", tool.onlyReads());
      }
      return shown.put("error", listing.error());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return shown.put("error", "The listing was interrupted.");
    } catch (RuntimeException e) {
      LOG.warnf(e, "tools of an MCP server were not listed run_id=%s", run.id());
      return shown.put("error", "The tools of the server were not listed.");
    }
  }

  private static McpSpec spec(Run run, String label) {
    for (var tool : run.settings().tools()) {
      if (tool instanceof ToolSpec.Mcp mcp && mcp.mcp().serverLabel().equals(label)) {
        return mcp.mcp();
      }
    }
    throw new IllegalStateException("the run has no MCP server of the label " + label);
  }
}
