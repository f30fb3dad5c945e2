package dev.threadmill.runs;

import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.guard.ContentStream;
import dev.threadmill.runs.store.Run;

/** The content filters for the output of one step's tools. */
interface ToolOutputFilter {
  /** The filters for the tools of a run. */
  static ToolOutputFilter of(ContentGate gate, Run run) {
    var source = ContentSource.tool(run.projectId(), run.assistantId(), run.threadId());
    return new ToolOutputFilter() {
      @Override
      public ContentStream open() {
        return gate.open(source);
      }

      @Override
      public String apply(String output) {
        return gate.apply(source, output);
      }
    };
  }

  /** Filters output that is streamed. */
  ContentStream open();

  /** Filters output that is complete. */
  String apply(String output);
}
