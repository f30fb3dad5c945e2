package dev.threadmill.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Counts runs, their duration and their tokens. The node that delivers counts for all nodes, so the
 * sum over the nodes is right. The labels are statuses and directions; model names are none, since
 * callers choose them.
 */
@ApplicationScoped
class RunMetricsSink implements OutboxSink {
  private final MeterRegistry meters;
  private final Counter created;
  private final Counter inputTokens;
  private final Counter outputTokens;

  RunMetricsSink(MeterRegistry meters) {
    this.meters = meters;
    this.created =
        Counter.builder("threadmill.runs.created").description("Runs created").register(meters);
    this.inputTokens = tokens("input");
    this.outputTokens = tokens("output");
  }

  private Counter tokens(String direction) {
    return Counter.builder("threadmill.tokens")
        .description("Tokens that ended runs have used")
        .tag("direction", direction)
        .register(meters);
  }

  @Override
  public String name() {
    return "metrics";
  }

  @Override
  public void deliver(List<OutboxEvent> events) {
    for (var event : events) {
      Activity.of(event).ifPresent(this::count);
    }
  }

  private void count(Activity activity) {
    if (activity.event().equals(Activity.RUN_CREATED)) {
      created.increment();
    }
    if (!activity.isRunEnd()) {
      return;
    }
    Timer.builder("threadmill.runs")
        .description("Runs that have ended, from their creation to their end")
        .tag("status", activity.status())
        .register(meters)
        .record(activity.latencyMs(), TimeUnit.MILLISECONDS);
    inputTokens.increment(activity.inputTokens());
    outputTokens.increment(activity.outputTokens());
  }
}
