package dev.threadmill.runs.rest;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.ToolCall;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;

/** Reads a run that a repeated request has made, with the calls it waits for if it does. */
@ApplicationScoped
class RunLookup implements ObjectLookup {
  private final RunStore runs;
  private final StepStore steps;

  RunLookup(RunStore runs, StepStore steps) {
    this.runs = runs;
    this.steps = steps;
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
        run.status() == RunStatus.REQUIRES_ACTION ? steps.openCalls(run) : List.<ToolCall>of();
    return RunObject.of(run, open);
  }
}
