package dev.threadmill.protocols.mcp;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.ExposedAssistant;
import io.modelcontextprotocol.server.McpStatelessServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/** The assistants of a project that are exposed over MCP, as tools. */
@ApplicationScoped
class AssistantTools {
  /** For listing tools, which calls none. */
  static final CallHandler LIST_ONLY = (_, _) -> Mono.empty();

  private static final Map<String, Object> STRING = Map.of("type", "string");
  private static final McpSchema.JsonSchema INPUT =
      new McpSchema.JsonSchema(
          "object",
          Map.of(
              "message",
              Map.of(
                  "type", "string", "minLength", 1, "description", "The message to the assistant"),
              "thread_id",
              Map.of(
                  "type",
                  "string",
                  "description",
                  "The conversation to continue; leave it out to start a new one")),
          List.of("message"),
          false,
          null,
          null);
  private static final Map<String, Object> OUTPUT =
      Map.of(
          "type",
          "object",
          "properties",
          Map.of("thread_id", STRING, "run_id", STRING, "status", STRING),
          "required",
          List.of("thread_id", "run_id", "status"));

  private final Assistants assistants;
  private final StartToolCall startCall;

  AssistantTools(Assistants assistants, StartToolCall startCall) {
    this.assistants = assistants;
    this.startCall = startCall;
  }

  /** Handles calls of a tool. */
  @FunctionalInterface
  interface CallHandler {
    Mono<McpSchema.CallToolResult> of(
        ExposedAssistant assistant, McpSchema.CallToolRequest request);
  }

  List<AsyncToolSpecification> of(ProjectId project, AssistantToolCall call) {
    return of(
        project, (assistant, request) -> startCall.start(call, assistant, request.arguments()));
  }

  /** The tools, by one statement. Later assistants of the same name get a number. */
  List<AsyncToolSpecification> of(ProjectId project, CallHandler call) {
    var tools = new ArrayList<AsyncToolSpecification>();
    var names = new HashSet<String>();
    for (var assistant : assistants.exposedAsTools(project)) {
      var name = assistant.toolName();
      for (int n = 2; !names.add(name); n++) {
        name = assistant.toolName() + "_" + n;
      }
      tools.add(
          AsyncToolSpecification.builder()
              .tool(tool(name, assistant))
              .callHandler((_, request) -> call.of(assistant, request))
              .build());
    }
    return tools;
  }

  private static McpSchema.Tool tool(String name, ExposedAssistant assistant) {
    var shown = assistant.name() == null ? assistant.id() : assistant.name();
    return McpSchema.Tool.builder()
        .name(name)
        .title(shown)
        .description(
            assistant.description() == null || assistant.description().isBlank()
                ? "Asks the assistant '%s'.".formatted(shown)
                : assistant.description())
        .inputSchema(INPUT)
        .outputSchema(OUTPUT)
        .build();
  }
}
