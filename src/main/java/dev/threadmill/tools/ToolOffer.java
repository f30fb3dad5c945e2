package dev.threadmill.tools;

import java.util.List;

/**
 * The tools that a run is offered for one specification.
 *
 * @param warnings a sentence for each tool that is left out, and why; shown in the run's step
 */
public record ToolOffer(List<Tool> tools, List<String> warnings) {
  public ToolOffer {
    tools = List.copyOf(tools);
    warnings = List.copyOf(warnings);
  }

  /** An offer without warnings. */
  public static ToolOffer of(List<? extends Tool> tools) {
    return new ToolOffer(List.copyOf(tools), List.of());
  }
}
