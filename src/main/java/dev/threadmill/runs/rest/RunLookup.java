package dev.threadmill.runs.rest;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;

/** Reads a run that a repeated request has made, with the calls it waits for if it does. */
@ApplicationScoped
class RunLookup implements ObjectLookup {
  private final RunStore runs;
  private final ToolCallStore calls;

  RunLookup(RunStore runs, ToolCallStore calls) {
    this.runs = runs;
    this.calls = calls;
  }

  @Override
  public String prefix() {
    return RunId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return runs.find(project, new ThreadId(thread), new RunId(id)).map(this::shown);
  }

  private RunObject shown(Run run) {
    var open =
        run.status() == RunStatus.REQUIRES_ACTION ? calls.awaitingClient(run) : List.<ToolCall>of();
    return RunObject.of(run, open);
  }
}
