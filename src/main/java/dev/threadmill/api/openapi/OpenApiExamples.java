package dev.threadmill.api.openapi;

import dev.threadmill.api.Json;
import java.util.Map;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.PathItem;

/** Bodies that work as they stand, for the operations that callers begin with. */
final class OpenApiExamples {
  /** By the path of the {@code POST}. */
  static final Map<String, String> BODIES =
      Map.of(
          "/v1/assistants",
          """
          {"model": "rehearsal", "name": "Weather clerk", "instructions": "Be brief.",
           "tools": [{"type": "function", "function": {"name": "get_weather", "parameters":
             {"type": "object", "properties": {"city": {"type": "string"}}}}}]}""",
          "/v1/threads",
          """
          {"messages": [{"role": "user", "content": "Hello"}], "metadata": {"user": "ada"}}""",
          "/v1/threads/{thread_id}/messages",
          """
          {"role": "user", "content": "How is the weather in Oslo?"}""",
          "/v1/threads/{thread_id}/runs",
          """
          {"assistant_id": "asst_…", "stream": true}""",
          "/v1/threads/runs",
          """
          {"assistant_id": "asst_…", "thread": {"messages": [{"role": "user", "content": "Hello"}]}}""",
          "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
          """
          {"tool_outputs": [{"tool_call_id": "call_…", "output": "{\\"celsius\\": 4}"}]}""",
          "/v1/chat/completions",
          """
          {"model": "rehearsal", "messages": [{"role": "user", "content": "Hello"}]}""",
          "/v1/responses",
          """
          {"model": "rehearsal", "input": "Hello"}""",
          "/v1/conversations",
          """
          {"items": [{"role": "user", "content": "Hello"}]}""",
          "/v1/projects",
          """
          {"name": "Order desk"}""");

  private OpenApiExamples() {}

  static void addTo(OpenAPI api) {
    api.getPaths()
        .getPathItems()
        .forEach(
            (path, item) -> {
              var operation = item.getOperations().get(PathItem.HttpMethod.POST);
              if (operation != null && BODIES.containsKey(path)) {
                operation
                    .getRequestBody()
                    .getContent()
                    .getMediaTypes()
                    .values()
                    .forEach(type -> type.example(Json.read(BODIES.get(path), Map.class)));
              }
            });
  }
}
