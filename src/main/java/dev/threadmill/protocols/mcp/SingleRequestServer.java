package dev.threadmill.protocols.mcp;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * The SDK's server for one request. It costs a few objects, and its tools are those of the caller's
 * project at this moment.
 */
final class SingleRequestServer implements McpStatelessServerTransport {
  private static final McpSchema.Implementation SELF =
      new McpSchema.Implementation("threadmill", "Threadmill", "1");
  private static final McpSchema.ServerCapabilities CAPABILITIES =
      McpSchema.ServerCapabilities.builder().tools(false).build();
  private static final String INSTRUCTIONS =
      "Each tool asks an assistant. Its answer has a thread_id: pass it with your next message"
          + " to go on with that conversation.";

  private McpStatelessServerHandler handler;

  SingleRequestServer(List<AsyncToolSpecification> tools) {
    McpServer.async(this)
        .serverInfo(SELF)
        .capabilities(CAPABILITIES)
        .instructions(INSTRUCTIONS)
        .jsonMapper(HandleMcpMessage.JSON)
        // Results are made by this server, and StartToolCall validates the arguments.
        .jsonSchemaValidator(
            (_, value) -> JsonSchemaValidator.ValidationResponse.asValid(String.valueOf(value)))
        .tools(tools)
        .build();
  }

  McpStatelessServerHandler handler() {
    return handler;
  }

  @Override
  public void setMcpHandler(McpStatelessServerHandler made) {
    handler = made;
  }

  @Override
  public Mono<Void> closeGracefully() {
    return Mono.empty();
  }

  @Override
  public List<String> protocolVersions() {
    return HandleMcpMessage.VERSIONS;
  }
}
