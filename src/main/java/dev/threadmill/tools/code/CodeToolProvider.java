package dev.threadmill.tools.code;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolScope;
import jakarta.inject.Singleton;
import java.util.List;

/** Offers a function that runs Python. */
@Singleton
class CodeToolProvider implements ToolProvider<ToolSpec.CodeInterpreter> {
  private static final String DESCRIPTION =
      """
      Runs Python code, like a cell of a notebook: variables stay from call to call, the value of
      the last expression is shown, and figures of matplotlib are shown to the user. The files of
      the user are in the folder /mnt/data, which is the working directory. To give a file to the
      user, write it to /mnt/data and link to it in the answer, as in
      [report.csv](sandbox:/mnt/data/report.csv). There is no network.""";

  private static final int MAX_CODE = 200_000;

  private final RunCode runCode;
  private final FunctionSpec function =
      new FunctionSpec(
          ToolSpec.CodeInterpreter.TYPE, DESCRIPTION.replace('\n', ' '), parameters(), null);

  CodeToolProvider(RunCode runCode) {
    this.runCode = runCode;
  }

  private static JsonNode parameters() {
    var schema =
        Json.MAPPER.createObjectNode().put("type", "object").put("additionalProperties", false);
    schema
        .putObject("properties")
        .putObject(CodeArguments.NAME)
        .put("type", "string")
        .put("maxLength", MAX_CODE)
        .put("description", "The Python code to run.");
    schema.putArray("required").add(CodeArguments.NAME);
    return schema;
  }

  @Override
  public Class<ToolSpec.CodeInterpreter> spec() {
    return ToolSpec.CodeInterpreter.class;
  }

  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.CodeInterpreter spec) {
    return ToolOffer.of(
        spec.isOn() ? List.of(new CodeTool(function, spec.container(), runCode)) : List.of());
  }

  @Override
  public boolean offers(ToolSpec.CodeInterpreter spec, String functionName) {
    return spec.isOn() && functionName.equals(ToolSpec.CodeInterpreter.TYPE);
  }

  /**
   * @param container where the code runs; null for the session of the thread
   */
  private record CodeTool(FunctionSpec function, String container, RunCode runCode)
      implements ServerTool {
    /**
     * Code reaches nothing outside of its session, and what a call that was interrupted did to the
     * files is not stored; so it can be run again.
     */
    @Override
    public OnUnknown onUnknown() {
      return OnUnknown.RETRY;
    }

    @Override
    public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
      return runCode.run(context, container, arguments.path(CodeArguments.NAME).asText());
    }
  }
}
