package dev.threadmill.runs.store;

import dev.threadmill.db.Tx;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Appends to the outbox that a run was created, waits for its client or has ended, in the
 * transaction that makes it so.
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
        tx, run.activity(Activity.RUN_CREATED, run.times().created()).status(name(run)).build());
  }

  void awaitsClient(Tx tx, Run run) {
    var paused = run.withStatus(RunStatus.REQUIRES_ACTION);
    outbox.append(
        tx,
        paused
            .activity(Activity.RUN_REQUIRES_ACTION, clock.instant())
            .status(name(paused))
            .build());
  }

  /**
   * @param tools the functions that the model has called, as far as this attempt has recorded them
   */
  void ended(Tx tx, Run run, Collection<String> tools, boolean isSafetyFlagged) {
    var at = endOf(run);
    var error = run.lastError();
    outbox.append(
        tx,
        run.activity(Activity.RUN + name(run), at)
            .latencyMs(Duration.between(run.times().created(), at).toMillis())
            .tokens(run.usage().promptTokens(), run.usage().completionTokens())
            .safetyFlag(safetyFlag(error, isSafetyFlagged))
            .status(name(run))
            .detail("incomplete_reason", run.incompleteReason())
            .detail("error_code", error == null ? null : error.code())
            .detail("tools", tools)
            .build());
  }

  private static String safetyFlag(RunError error, boolean isSafetyFlagged) {
    if (error != null && error.isContentFiltered()) {
      return Activity.CONTENT_FILTER;
    }
    return isSafetyFlagged ? Activity.SAFETY : null;
  }

  private Instant endOf(Run run) {
    return Stream.of(run.times().completed(), run.times().failed(), run.times().cancelled())
        .filter(time -> time != null)
        .findFirst()
        .orElseGet(clock::instant);
  }

  private static String name(Run run) {
    return run.status().name().toLowerCase(Locale.ROOT);
  }
}
