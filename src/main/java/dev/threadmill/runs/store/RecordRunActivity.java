package dev.threadmill.runs.store;

import dev.threadmill.db.Tx;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.telemetry.RunActivity;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Appends to the outbox that a run was created or has ended, in the transaction that creates or
 * ends it. Other changes have no event, so a run costs two deferred statements.
 */
@ApplicationScoped
public class RecordRunActivity {
  private final Outbox outbox;
  private final InstantSource clock;

  public RecordRunActivity(Outbox outbox, InstantSource clock) {
    this.outbox = outbox;
    this.clock = clock;
  }

  void created(Tx tx, Run run) {
    outbox.append(
        tx, activity(RunActivity.CREATED, run, run.times().created(), List.of()).toEvent());
  }

  /**
   * @param tools the functions that the model has called, as far as this attempt has recorded them
   */
  void ended(Tx tx, Run run, Collection<String> tools) {
    var at =
        Stream.of(run.times().completed(), run.times().failed(), run.times().cancelled())
            .filter(time -> time != null)
            .findFirst()
            .orElseGet(clock::instant);
    outbox.append(tx, activity("run." + name(run.status()), run, at, tools).toEvent());
  }

  private static RunActivity activity(String event, Run run, Instant at, Collection<String> tools) {
    var latency = Duration.between(run.times().created(), at);
    return new RunActivity(
        event,
        at.toString(),
        run.projectId(),
        run.assistantId(),
        run.threadId(),
        run.id(),
        List.copyOf(tools),
        Math.max(0, latency.toMillis()),
        run.usage().promptTokens(),
        run.usage().completionTokens(),
        run.lastError() != null && run.lastError().isContentFiltered(),
        run.settings().model(),
        run.apiKey(),
        name(run.status()));
  }

  private static String name(RunStatus status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
