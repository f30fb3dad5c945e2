package dev.threadmill.runs;

import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelResponse.FinishReason;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.telemetry.Activity;
import java.time.InstantSource;
import java.util.Locale;

/** Records the event of one model call of a run, with its duration from here on. */
final class ModelCallActivity {
  private final RunExecution execution;
  private final ModelInfo model;
  private final InstantSource clock;
  private final boolean wasFlagged;
  private final long started = System.nanoTime();

  ModelCallActivity(RunExecution execution, ModelInfo model, InstantSource clock) {
    this.execution = execution;
    this.wasFlagged = execution.isSafetyFlagged();
    this.model = model;
    this.clock = clock;
  }

  void completed(ModelResponse answer) {
    var finish = answer.finishReason();
    execution.record(
        ended("completed", answer.usage())
            .safetyFlag(finish == FinishReason.CONTENT_FILTER ? Activity.CONTENT_FILTER : flag())
            .detail("finish_reason", finish.name().toLowerCase(Locale.ROOT))
            .build());
  }

  /** Whether a part of this answer was the first of the run to be withheld for safety. */
  private String flag() {
    return !wasFlagged && execution.isSafetyFlagged() ? Activity.SAFETY : null;
  }

  /** A content filter of this server rejected the answer. */
  void rejected(Usage usage) {
    execution.record(ended("failed", usage).safetyFlag(Activity.CONTENT_FILTER).build());
  }

  void failed(ModelException e, Usage usage) {
    execution.record(
        ended("failed", usage).detail("error", e.kind().name().toLowerCase(Locale.ROOT)).build());
  }

  /** The run was cancelled or expired, or another node continues it. */
  void stopped(Usage usage) {
    execution.record(ended("cancelled", usage).build());
  }

  private Activity.Builder ended(String status, Usage usage) {
    return execution
        .run()
        .activity(Activity.MODEL_CALL, clock.instant())
        .latencyMs((System.nanoTime() - started) / 1_000_000)
        .tokens(usage.promptTokens(), usage.completionTokens())
        .cost(usage.cost() == null ? null : usage.cost().dollars())
        .detail("cached_tokens", usage.cachedTokens())
        .detail("reasoning_tokens", usage.reasoningTokens())
        .status(status);
  }
}
