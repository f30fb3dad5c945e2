package dev.threadmill.tools;

import dev.threadmill.models.FunctionSpec;

/** A tool of a run. The permitted types are the three ways in which calls get their results. */
public sealed interface Tool permits ClientTool, ServerTool, RoutingTool {
  /** What the model is offered. */
  FunctionSpec function();
}
