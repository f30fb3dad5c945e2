package dev.threadmill.tools.websearch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;

/** The search of the web as a tool of a run. */
record WebSearchTool(FunctionSpec function, WebSearchSpec spec, SearchWeb searchWeb)
    implements ServerTool {
  /** A search changes nothing. */
  @Override
  public OnUnknown onUnknown() {
    return OnUnknown.RETRY;
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    return searchWeb.search(context, spec, arguments);
  }
}
