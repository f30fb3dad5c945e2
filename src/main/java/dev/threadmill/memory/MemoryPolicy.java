package dev.threadmill.memory;

import dev.threadmill.assistants.MemoryOptions;
import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.assistants.MemoryOptions.SummaryMethod;

/**
 * What an assistant's memory settings come to, once what was not set has its default.
 *
 * @param isAsked whether the assistant asks for a memory in so many words
 */
public record MemoryPolicy(
    boolean enabled, boolean isExplicit, SummaryMethod summaryMethod, Scope scope) {

  /**
   * An assistant that says nothing of memory recalls within its thread what no longer fits, which
   * costs no model call; one that asks for memory also gets a rolling summary.
   *
   * @param settings null if the assistant has none
   */
  public static MemoryPolicy of(MemoryOptions settings) {
    if (settings == null) {
      return new MemoryPolicy(true, false, SummaryMethod.NONE, Scope.THREAD);
    }
    boolean enabled = settings.enabled() == null || settings.enabled();
    var method =
        settings.summaryMethod() == null ? SummaryMethod.ROLLING : settings.summaryMethod();
    return new MemoryPolicy(
        enabled,
        enabled,
        enabled ? method : SummaryMethod.NONE,
        settings.scope() == null ? Scope.THREAD : settings.scope());
  }
}
