package dev.threadmill.memory;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.MemoryOptions.SummaryMethod;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;

/** Queues the summary of a thread in the transaction that ends a run. */
@ApplicationScoped
public class ScheduleSummary {
  private final SummaryQueue queue;
  private final MemoryConfig config;
  private final SummaryWorker loop;

  ScheduleSummary(SummaryQueue queue, MemoryConfig config, SummaryWorker loop) {
    this.queue = queue;
    this.config = config;
    this.loop = loop;
  }

  /**
   * Queues the summary if the policy asks for one; else it executes no statement.
   *
   * @param assistant null if the run has none
   * @param windowFrom the time of the first message in the window of the run's last model call, if
   *     older messages were left out; else null
   */
  public void schedule(
      Tx tx,
      ProjectId project,
      ThreadId thread,
      AssistantId assistant,
      MemoryPolicy policy,
      String model,
      Instant windowFrom) {
    boolean reflects = policy.summaryMethod() == SummaryMethod.REFLECTION;
    if (!reflects && (policy.summaryMethod() == SummaryMethod.NONE || windowFrom == null)) {
      return;
    }
    var delay = reflects ? config.reflectAfter() : Duration.ZERO;
    queue.enqueue(
        tx,
        thread,
        project,
        assistant == null ? null : assistant.value(),
        reflects ? "reflection" : "rolling",
        model,
        windowFrom,
        delay);
    tx.afterCommit(() -> loop.wakeUp(delay));
  }
}
