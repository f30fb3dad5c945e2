package dev.threadmill.runs.rest;

import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * When a run and its steps began and ended. Times are in milliseconds since 1970; null where
 * something has not happened yet.
 *
 * @param startedAt when a node began to execute it for the first time
 * @param attempts how often a node claimed it: more than once after a wait or the loss of a node
 */
public record RunTimelineObject(
    String object,
    String threadId,
    String runId,
    long createdAt,
    Long startedAt,
    Long endedAt,
    int attempts,
    List<StepTimes> steps) {
  /**
   * The times of a step.
   *
   * @param type {@code message_creation} or {@code tool_calls}
   */
  public record StepTimes(String id, Step.Type type, long createdAt, Long endedAt) {}

  static RunTimelineObject of(Run run, List<Step> steps) {
    var times = run.times();
    var ended =
        Stream.of(times.completed(), times.failed(), times.cancelled())
            .filter(time -> time != null)
            .findFirst()
            .orElse(null);
    return new RunTimelineObject(
        "thread.run.timeline",
        run.threadId().value(),
        run.id().value(),
        times.created().toEpochMilli(),
        millis(times.started()),
        millis(ended),
        run.state().claim().attempt(),
        steps.stream()
            .map(
                step ->
                    new StepTimes(
                        step.id().value(),
                        step.type(),
                        step.createdAt().toEpochMilli(),
                        millis(step.endedAt())))
            .toList());
  }

  private static Long millis(Instant time) {
    return time == null ? null : time.toEpochMilli();
  }
}
