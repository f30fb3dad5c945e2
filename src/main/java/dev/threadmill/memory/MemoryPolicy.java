package dev.threadmill.memory;

import dev.threadmill.assistants.MemoryOptions;
import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.assistants.MemoryOptions.SummaryMethod;

/**
 * The effective memory settings of an assistant.
 *
 * @param isExplicit whether the assistant has memory settings and enables them
 */
public record MemoryPolicy(
    boolean enabled, boolean isExplicit, SummaryMethod summaryMethod, Scope scope) {

  /**
   * Applies the defaults. An assistant without memory settings recalls within its thread, which
   * costs no model call. One with settings has a rolling summary, too.
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
