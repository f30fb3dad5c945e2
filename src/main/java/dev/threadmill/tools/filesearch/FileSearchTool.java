package dev.threadmill.tools.filesearch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;

/** The search of files as a tool of a run. */
record FileSearchTool(FunctionSpec function, ToolSpec.FileSearch spec, SearchFiles searchFiles)
    implements ServerTool {
  /** A search changes nothing. */
  @Override
  public OnUnknown onUnknown() {
    return OnUnknown.RETRY;
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    return searchFiles.search(context, spec, arguments);
  }
}
