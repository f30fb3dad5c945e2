package dev.threadmill.tools;

import dev.threadmill.assistants.ToolSpec;
import jakarta.inject.Singleton;
import java.util.List;

/** Functions that the client executes. */
@Singleton
class FunctionToolProvider implements ToolProvider<ToolSpec.Function> {
  @Override
  public Class<ToolSpec.Function> spec() {
    return ToolSpec.Function.class;
  }

  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.Function spec) {
    return ToolOffer.of(List.of(new ClientTool(spec.function())));
  }

  @Override
  public boolean offers(ToolSpec.Function spec, String functionName) {
    return spec.function().name().equals(functionName);
  }
}
