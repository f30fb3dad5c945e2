package dev.threadmill.models.openai;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ToolChoice;
import java.io.IOException;
import java.util.function.Predicate;

/** Writes the tools of a call, and which of them the model has to use. */
final class ToolsWriter {
  private final ModelRequest request;
  private final JsonGenerator out;
  private final Predicate<String> sends;

  /**
   * @param sends whether a parameter is sent, by its name
   */
  ToolsWriter(ModelRequest request, JsonGenerator out, Predicate<String> sends) {
    this.request = request;
    this.out = out;
    this.sends = sends;
  }

  void write() throws IOException {
    if (request.functions().isEmpty()) {
      return;
    }
    out.writeArrayFieldStart("tools");
    for (var function : request.functions()) {
      tool(function);
    }
    out.writeEndArray();
    if (request.toolChoice() != null
        && !ToolChoice.AUTO.equals(request.toolChoice())
        && sends.test("tool_choice")) {
      switch (request.toolChoice()) {
        case ToolChoice.Mode(var mode) -> out.writeStringField("tool_choice", mode);
        case ToolChoice.Function(var name) -> choose(name);
        case ToolChoice.BuiltIn(var name) -> choose(name);
      }
    }
    // True is the default of all servers, and some refuse the field.
    if (!request.parallelToolCalls() && sends.test("parallel_tool_calls")) {
      out.writeBooleanField("parallel_tool_calls", false);
    }
  }

  private void tool(FunctionSpec function) throws IOException {
    out.writeStartObject();
    out.writeStringField("type", "function");
    out.writeObjectFieldStart("function");
    out.writeStringField("name", function.name());
    if (function.description() != null) {
      out.writeStringField("description", function.description());
    }
    out.writeFieldName("parameters");
    if (function.parameters() == null) {
      out.writeStartObject();
      out.writeStringField("type", "object");
      out.writeObjectFieldStart("properties");
      out.writeEndObject();
      out.writeEndObject();
    } else {
      out.writeTree(function.parameters());
    }
    if (function.strict() != null && sends.test("strict")) {
      out.writeBooleanField("strict", function.strict());
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private void choose(String function) throws IOException {
    out.writeObjectFieldStart("tool_choice");
    out.writeStringField("type", "function");
    out.writeObjectFieldStart("function");
    out.writeStringField("name", function);
    out.writeEndObject();
    out.writeEndObject();
  }
}
