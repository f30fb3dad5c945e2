package dev.threadmill.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema;
import jakarta.servlet.http.HttpServletRequest;
import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/** An MCP server of the official Java SDK, over streamable HTTP. */
public final class SdkMcpServer implements AutoCloseable {
  private final Tomcat tomcat = new Tomcat();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<McpSchema.CallToolRequest> calls = new CopyOnWriteArrayList<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final McpSyncServer server;

  /** A request received over HTTP. */
  public record Request(String method, String authorization, String idempotencyKey) {}

  /** A server without tools. */
  public SdkMcpServer() {
    var transport =
        HttpServletStreamableServerTransportProvider.builder()
            .jsonMapper(new JacksonMcpJsonMapper(new ObjectMapper()))
            .mcpEndpoint("/mcp")
            .contextExtractor(
                request -> {
                  requests.add(read(request));
                  return io.modelcontextprotocol.common.McpTransportContext.EMPTY;
                })
            .build();
    server =
        McpServer.sync(transport)
            .serverInfo("counterpart", "1")
            .capabilities(McpSchema.ServerCapabilities.builder().tools(true).build())
            .jsonSchemaValidator(
                (_, value) ->
                    io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse
                        .asValid("" + value))
            .build();
    var connector = new Connector();
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    tomcat.setConnector(connector);
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
    var context = tomcat.addContext("", new File(System.getProperty("java.io.tmpdir")).getPath());
    var servlet = Tomcat.addServlet(context, "mcp", transport);
    servlet.setAsyncSupported(true);
    context.addServletMappingDecoded("/mcp", "mcp");
    try {
      tomcat.start();
    } catch (LifecycleException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Adds a tool that takes a text and returns one. */
  public SdkMcpServer with(
      String name, McpSchema.ToolAnnotations hints, Function<String, String> answer) {
    var schema =
        new McpSchema.JsonSchema(
            "object", Map.of("text", Map.of("type", "string")), List.of("text"), false, null, null);
    var tool =
        McpSchema.Tool.builder()
            .name(name)
            .description("Does " + name)
            .inputSchema(schema)
            .annotations(hints)
            .build();
    server.addTool(
        io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification.builder()
            .tool(tool)
            .callHandler(
                (_, call) -> {
                  calls.add(call);
                  var text = answer.apply((String) call.arguments().get("text"));
                  return McpSchema.CallToolResult.builder()
                      .addTextContent(text)
                      .isError(text.startsWith("error"))
                      .build();
                })
            .build());
    return this;
  }

  /**
   * Adds a tool that reports progress with these messages and returns "done".
   *
   * @param received acquired after each progress message, before the tool continues
   */
  public SdkMcpServer withProgress(String name, Semaphore received, String... words) {
    server.addTool(
        io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification.builder()
            .tool(
                McpSchema.Tool.builder()
                    .name(name)
                    .inputSchema(
                        new McpSchema.JsonSchema("object", Map.of(), List.of(), true, null, null))
                    .build())
            .callHandler(
                (exchange, call) -> {
                  calls.add(call);
                  for (int i = 0; i < words.length; i++) {
                    exchange.progressNotification(
                        new McpSchema.ProgressNotification(
                            call.progressToken(), i + 1, (double) words.length, words[i]));
                    acquire(received);
                  }
                  return McpSchema.CallToolResult.builder().addTextContent("done").build();
                })
            .build());
    return this;
  }

  private static void acquire(Semaphore received) {
    try {
      if (!received.tryAcquire(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the progress message was not received");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The address of its endpoint. */
  public String url() {
    return "http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + "/mcp";
  }

  public List<Request> requests() {
    return List.copyOf(requests);
  }

  public List<McpSchema.CallToolRequest> calls() {
    return List.copyOf(calls);
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    server.close();
    try {
      tomcat.stop();
      tomcat.destroy();
    } catch (LifecycleException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Request read(HttpServletRequest request) {
    return new Request(
        request.getMethod(),
        request.getHeader("Authorization"),
        request.getHeader("Idempotency-Key"));
  }
}
