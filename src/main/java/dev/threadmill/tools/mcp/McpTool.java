package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolResult;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.ArrayList;

/** A tool of an MCP server. */
public record McpTool(McpSpec spec, McpSchema.Tool tool, FunctionSpec function, McpServers servers)
    implements ServerTool {
  private static final int MAX_NAME = 64;
  private static final int MAX_DESCRIPTION = 4096;

  public static McpTool of(McpSpec spec, McpSchema.Tool tool, McpServers servers) {
    var name = (spec.serverLabel() + "_" + tool.name()).replaceAll("[^a-zA-Z0-9_-]", "_");
    var description = tool.description() == null ? tool.title() : tool.description();
    var function =
        new FunctionSpec(
            name.substring(0, Math.min(MAX_NAME, name.length())),
            description == null || description.length() <= MAX_DESCRIPTION
                ? description
                : description.substring(0, MAX_DESCRIPTION),
            parameters(tool.inputSchema()),
            null);
    return new McpTool(spec, tool, function, servers);
  }

  /** The schema without what it leaves out, which the SDK's own type holds as null. */
  private static JsonNode parameters(McpSchema.JsonSchema schema) {
    var parameters = Json.MAPPER.createObjectNode();
    if (schema == null) {
      return parameters.put("type", "object");
    }
    parameters.put("type", schema.type() == null ? "object" : schema.type());
    put(parameters, "properties", schema.properties());
    put(parameters, "required", schema.required());
    put(parameters, "additionalProperties", schema.additionalProperties());
    put(parameters, "$defs", schema.defs());
    put(parameters, "definitions", schema.definitions());
    return parameters;
  }

  private static void put(
      com.fasterxml.jackson.databind.node.ObjectNode to, String name, Object value) {
    if (value != null) {
      to.set(name, Json.MAPPER.valueToTree(value));
    }
  }

  @Override
  public OnUnknown onUnknown() {
    var hints = tool.annotations();
    boolean repeatable =
        hints != null
            && (Boolean.TRUE.equals(hints.readOnlyHint())
                || Boolean.TRUE.equals(hints.idempotentHint()));
    return repeatable ? OnUnknown.RETRY : OnUnknown.FAIL;
  }

  @Override
  public boolean needsApproval() {
    return spec.needsApproval(tool.name());
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    try {
      var result = servers.call(context, spec, tool.name(), arguments);
      var text = StorableText.of(text(result));
      return Boolean.TRUE.equals(result.isError())
          ? new ToolResult.Failed(ToolError.output("tool_error", text))
          : new ToolResult.Succeeded(text);
    } catch (ToolException e) {
      return new ToolResult.Failed(e.output());
    }
  }

  private static String text(McpSchema.CallToolResult result) {
    var parts = new ArrayList<String>();
    for (var content : result.content()) {
      parts.add(
          switch (content) {
            case McpSchema.TextContent text -> text.text();
            case McpSchema.EmbeddedResource resource
                when resource.resource() instanceof McpSchema.TextResourceContents text ->
                text.text();
            case McpSchema.ResourceLink link -> link.uri();
            default -> "[%s, which cannot be shown as text]".formatted(content.type());
          });
    }
    if (parts.isEmpty() && result.structuredContent() != null) {
      return Json.MAPPER.valueToTree(result.structuredContent()).toString();
    }
    return String.join("\n", parts);
  }
}
